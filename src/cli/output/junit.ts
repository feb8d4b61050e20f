import type { Failure } from '../../policy-test/run.ts';
import { clockText } from '../../policy-test/why.ts';
import type { SuiteResult } from '../test.ts';

/** The results as JUnit XML, which every build server reads: a suite for each file, a case for each test. */
export function junitXml(done: readonly SuiteResult[]): string {
  const all = done.flatMap(({ results }) => results);
  const suites = done.map(({ suite, results }) => {
    const cases = results.map(({ name, ms, place, failures }) => {
      const at = `name="${attribute(name)}" classname="${attribute(suite.read.source.path)}" file="${attribute(place.file)}" line="${place.line}" time="${seconds(ms)}"`;
      if (failures.length === 0) return `    <testcase ${at}/>`;
      const [first] = failures;
      const message = first ? summaryOf(first) : '';
      const text = failures.map(failureText).join('\n\n');
      return `    <testcase ${at}>\n      <failure message="${attribute(message)}">${escaped(text)}</failure>\n    </testcase>`;
    });
    return [
      `  <testsuite name="${attribute(suite.read.source.path)}" ${countsOf(results)}>`,
      ...cases,
      '  </testsuite>',
    ].join('\n');
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="checkpilot test" ${countsOf(all)}>`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function countsOf(results: SuiteResult['results']): string {
  const failed = results.filter(({ ok }) => !ok).length;
  const ms = results.reduce((sum, result) => sum + result.ms, 0);
  return `tests="${results.length}" failures="${failed}" errors="0" skipped="0" time="${seconds(ms)}"`;
}

function summaryOf({ atMs, differences }: Failure): string {
  const when = atMs === undefined ? '' : `at ${clockText(atMs)}: `;
  return `${when}${differences.map(({ field, expected, actual }) => `${field} expected ${expected}, actual ${actual}`).join('; ')}`;
}

function failureText(failure: Failure): string {
  const { place, why } = failure;
  return [`${place.file}:${place.line} ${summaryOf(failure)}`, ...why.map((line) => `  ${line}`)].join('\n');
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}

function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

function attribute(text: string): string {
  return escaped(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;');
}
