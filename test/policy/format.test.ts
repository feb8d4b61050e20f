import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatDiagnostics, pathText } from '../../src/policy/diagnostics.ts';
import { loadPolicy } from '../../src/policy/load.ts';

const folder = join(import.meta.dirname, 'fixtures');

function formatted(text: string): string {
  const files = [{ path: 'policy.yaml', text }];
  const loaded = loadPolicy(files);
  return formatDiagnostics(loaded.ok ? loaded.warnings : loaded.diagnostics, files);
}

describe('formatDiagnostics', () => {
  it('shows each fault with its line, a caret and a hint, and counts them', () => {
    expect(formatted(readFileSync(join(folder, 'bad-all-at-once.yaml'), 'utf8'))).toMatchInlineSnapshot(`
      "policy.yaml:3:36 warning CP1002 metadata.accountId: YAML reads 111122223333 as the number 111122223333; taken as text
        3 | metadata: { name: test, accountId: 111122223333, region: us-east-1, owner: team-data } # <- CP1002
          |                                    ^^^^^^^^^^^^ quote it: "111122223333"

      policy.yaml:7:26 warning CP1002 jobs.clickstream-enrich.match.application.id: YAML reads 00e1500000000001 as the number 0; taken as text
        7 |       application: { id: 00e1500000000001 } # <- CP1002
          |                          ^^^^^^^^^^^^^^^^ quote it: "00e1500000000001"

      policy.yaml:9:11 error CP1004 jobs.clickstream-enrich.mode: "enforce" is not one of "observe", "suggest", "act"
        9 |     mode: enforce # <- CP1004
          |           ^^^^^^^

      policy.yaml:11:7 error CP1001 jobs.clickstream-enrich.restart.budgets: unknown key "budgets"
        11 |       budgets: { perHour: 3 } # <- CP1001
           |       ^^^^^^^ did you mean "budget"?

      policy.yaml:12:22 error CP1003 jobs.clickstream-enrich.restart.nativeRetries: 12 is above the maximum 10
        12 |       nativeRetries: 12 # <- CP1003
           |                      ^^ the service takes 1 to 10 failed attempts an hour (retryPolicy.maxFailedAttemptsPerHour)

      policy.yaml:13:27 error CP1002 jobs.clickstream-enrich.restart.backoff.initial: expected a duration such as 30s, got the number 30
        13 |       backoff: { initial: 30 } # <- CP1002
           |                           ^^ durations need a unit: 30s, 10m, 24h, 7d

      policy.yaml:14:3 error CP1005 jobs.orders.checkpoint: "checkpoint" is missing
        14 |   orders: # <- CP1005
           |   ^^^^^^ say where it keeps its state: checkpoint: { location: s3://… }

      policy.yaml:15:5 error CP2001 jobs.orders.match: also matched by job "clickstream-enrich" in policy.yaml:6:5
        15 |     match: # <- CP2001
           |     ^^^^^ "clickstream-*" and "clickstream-enrich" can name the same run; narrow jobName, or delete one of the two jobs

      policy.yaml:16:26 warning CP1002 jobs.orders.match.application.id: YAML reads 00e1500000000001 as the number 0; taken as text
        16 |       application: { id: 00e1500000000001 } # <- CP1002
           |                          ^^^^^^^^^^^^^^^^ quote it: "00e1500000000001"

      6 errors, 3 warnings
      "
    `);
  });

  it('says nothing of a policy without faults', () => {
    expect(formatted(readFileSync(join(folder, 'good-minimal.yaml'), 'utf8'))).toBe('');
  });

  it('cuts a line that would fill the screen and keeps the caret under the fault', () => {
    const long = 'x'.repeat(500);
    const [, line = '', caret = ''] =
      formatted(`{ apiVersion: checkpilot/v1, a: ${long}, b: 1, c: ${long} }`)
        .split('\n\n')
        .find((block) => block.includes('unknown key "b"'))
        ?.split('\n') ?? [];
    expect(line.length).toBeLessThan(160);
    expect(line[caret.indexOf('^')]).toBe('b');
  });

  it('lets no escape sequence of a file reach the terminal', () => {
    const text = formatted('apiVersion: checkpilot/v1\n"\u001b[31mred": \u001b[0m 1\n');
    expect(text).toContain('unknown key');
    expect([...text].filter((letter) => letter < ' ' && letter !== '\n')).toEqual([]);
  });
});

describe('pathText', () => {
  it('quotes what is not a plain key', () => {
    expect(pathText(['jobs', 'a-b', 'sparkConf', 'spark.x', 0])).toBe('jobs.a-b.sparkConf["spark.x"][0]');
  });
});
