import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../src/policy/load.ts';

const head = `apiVersion: checkpilot/v1
kind: Policy
metadata: { name: test, accountId: "111122223333", region: us-east-1, owner: team }
`;

/** `line:column`, what is wrong and what to do, of a file whose fourth line begins the text. */
function faultsOf(text: string) {
  const loaded = loadPolicy([{ path: 'a.yaml', text: `${head}${text}` }]);
  const told = loaded.ok ? loaded.warnings : loaded.diagnostics;
  return told.map(({ line, column, message, hint }) => ({ at: `${line}:${column}`, message, hint }));
}

describe('a text that YAML cannot read', () => {
  it('has one fault for all its tabs, and none that only follows from them', () => {
    expect(faultsOf('jobs:\n  a:\n\tmatch: {}\n\tcheckpoint: {}\n    mode: act\n')).toEqual([
      {
        at: '6:1',
        message: 'Tabs are not allowed as indentation',
        hint: 'indent with spaces, here, and in 1 more of the lines',
      },
    ]);
  });

  it('has one fault a line', () => {
    expect(faultsOf('jobs: 1\n  b: 2\n').map(({ at }) => at)).toEqual(['4:7']);
  });

  it.each([
    ['an alias without an anchor', 'defaults: *base\njobs: {}\n', '4:11', '"*base"'],
    ['a star that is meant as text', 'jobs: { a: { alarms: { names: [*] } } }\n', '4:32', '"*"'],
    ['a colon inside of a text', 'jobs:\n  a: { }\n  b: description: x\n', '6:6', 'needs quotes'],
    ['a character that YAML keeps for itself', 'jobs: @all\n', '4:7', 'needs quotes'],
    ['two documents', 'jobs: {}\n---\njobs: {}\n', '5:1', 'a file of its own'],
    ['a tag', 'jobs: { a: { description: !Sub x } }\n', '4:27', 'write the value itself'],
  ])('%s is told at its place, with what to do', (_case, text, at, hint) => {
    expect(faultsOf(text).filter((fault) => fault.at === at)).toEqual([
      { at, message: expect.any(String), hint: expect.stringContaining(hint) },
    ]);
  });

  it('is read when the anchor stands above', () => {
    const text = 'defaults:\n  restart: &base { nativeRetries: 2 }\njobs:\n  a: { restart: *base }\n';
    expect(faultsOf(text).map(({ message }) => message)).toEqual([
      '"match" is missing',
      '"checkpoint" is missing',
    ]);
  });
});
