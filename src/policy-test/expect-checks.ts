import { isPlain } from '../policy/plain.ts';
import { type Expectation, expectationParts, expectationSchema } from './expect-schema.ts';
import { type CasePath, type Fault, hasUnknown, type WrittenTest } from './fault.ts';

/** A test may be this many steps long: more is a slip of the pen, and would take minutes. */
const stepsMax = 20_000;

/** Expectations that say nothing, say no time, or say one that no step has. */
export function expectFaults(test: WrittenTest, stepMs: number | undefined, at: CasePath): readonly Fault[] {
  const expect = test.expect ?? [];
  if (!Array.isArray(expect)) return [];
  if (expect.length === 0 && test.recording === undefined) {
    const hint =
      'a test that expects nothing always passes: expect: [ { at: 5m, decision: { kind: start } } ]';
    return [
      { code: 'CP2301', path: [...at, 'expect'], on: 'key', message: 'the test expects nothing', hint },
    ];
  }
  return (expect as unknown[]).flatMap((one, index) => oneExpectation(one, stepMs, [...at, 'expect', index]));
}

function oneExpectation(one: unknown, stepMs: number | undefined, path: CasePath): readonly Fault[] {
  if (!isPlain(one)) return [];
  const faults: Fault[] = [];
  const saysNothing = !expectationParts.some((part) => Object.hasOwn(one, part));
  if (saysNothing && !hasUnknown(one, expectationSchema.shape))
    faults.push({
      code: 'CP2301',
      path,
      message: 'expects nothing',
      hint: `say one of ${expectationParts.join(', ')}`,
    });
  for (const part of expectationParts) {
    const inner = one[part];
    if (isPlain(inner) && Object.keys(inner).length === 0 && part !== 'notifications')
      faults.push({
        code: 'CP2301',
        path: [...path, part],
        on: 'key',
        message: `"${part}" expects nothing`,
        hint: 'say what it has to be like',
      });
  }
  const parsed = expectationSchema.safeParse(one);
  return parsed.success ? [...faults, ...timeFaults(parsed.data, stepMs, path)] : faults;
}

function timeFaults(one: Expectation, stepMs: number | undefined, path: CasePath): readonly Fault[] {
  const { at, from, to } = one;
  const isMoment = at !== undefined;
  const isSpan = from !== undefined || to !== undefined;
  if (isMoment === isSpan) {
    const message = isMoment ? 'both "at" and "from … to"' : 'says not when';
    return [{ code: isMoment ? 'CP1004' : 'CP1005', path, message, hint: 'at: 5m, or from: 0m, to: 14m' }];
  }
  if (isSpan && (from === undefined || to === undefined || to < from)) {
    const message =
      from !== undefined && to !== undefined ? '"to" is before "from"' : '"from" and "to" go together';
    return [{ code: 'CP1003', path, message, hint: 'from: 0m, to: 14m' }];
  }
  const onlyAt = (['decision', 'next', 'status'] as const).find((part) => one[part] !== undefined);
  if (isSpan && onlyAt) {
    const message = `"${onlyAt}" is looked at one time, not over a span`;
    return [{ code: 'CP1004', path: [...path, onlyAt], on: 'key', message, hint: 'at: 5m' }];
  }
  if (stepMs === undefined) return [];
  return (['at', 'from', 'to'] as const).flatMap((key): readonly Fault[] => {
    const ms = one[key];
    if (ms === undefined) return [];
    const hint = `a multiple of step, up to ${stepsMax} steps`;
    if (ms % stepMs !== 0)
      return [{ code: 'CP1003', path: [...path, key], message: 'is between two steps', hint }];
    return ms / stepMs > stepsMax
      ? [{ code: 'CP1003', path: [...path, key], message: 'is too late', hint }]
      : [];
  });
}
