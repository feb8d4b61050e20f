import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../src/policy/load.ts';

const head = `apiVersion: checkpilot/v1
kind: Policy
metadata: { name: test, accountId: "111122223333", region: us-east-1, owner: team }
`;

function load(job: string) {
  const lines = job.replaceAll(/^/gm, '    ');
  const base =
    'match: { application: { id: 00f1cbsc6anuij25 } }\n    checkpoint: { location: s3://bbb/clicks }';
  const loaded = loadPolicy([{ path: 'a.yaml', text: `${head}jobs:\n  clicks:\n    ${base}\n${lines}\n` }]);
  const told = loaded.ok ? loaded.warnings : loaded.diagnostics;
  return { loaded, told: told.map(({ severity, code, message }) => `${severity} ${code} ${message}`) };
}

const spec = (more: string) =>
  `launch:\n  spec:\n    executionRoleArn: arn:aws:iam::111122223333:role/r\n    entryPoint: s3://code/1/main.py\n${more}`;

describe('what YAML makes of a value', () => {
  it.each([
    ['mode: off', ['error CP1004 "off" is not one of "observe", "suggest", "act"']],
    ['mode: no', ['error CP1004 "no" is not one of "observe", "suggest", "act"']],
    ['description: 22:00', []],
    ['description: 2026-11-20T21:00:00Z', []],
    ['renamedFrom: 0123', ['error CP1002 expected a name, got the number 123']],
    ['restart: { stableAfter: 20 }', ['error CP1002 expected a duration such as 30s, got the number 20']],
    ['restart: { stableAfter: 1_200s }', ['error CP1002 expected a duration such as 30s, got "1_200s"']],
    ['restart: { nativeRetries: 0x3 }', []],
    [spec('    dynamicAllocation: { enabled: yes }'), ['error CP1002 expected true or false, got "yes"']],
  ])('%s', (text, expected) => {
    expect(load(text).told).toEqual(expected);
  });

  it.each(['00e1500000000001', '1e5', '0x1f', '012', '1.0', 'true'])(
    'an id %s without quotes is the text that stands there',
    (id) => {
      const loaded = loadPolicy([
        {
          path: 'a.yaml',
          text: `${head}jobs:\n  a:\n    match: { application: { id: ${id} } }\n    checkpoint: { location: s3://bbb/a }\n`,
        },
      ]);
      if (id.includes('.')) expect(loaded.ok).toBe(false);
      else
        expect(loaded).toMatchObject({ ok: true, policy: { jobs: { a: { match: { applicationId: id } } } } });
    },
  );

  it('tags and settings keep the text of a number, a boolean and a version', () => {
    const { loaded } = load(`${spec('    tags: { size: 010, on: true, version: 1.10 }')}`);
    expect(loaded).toMatchObject({
      ok: true,
      policy: { jobs: { clicks: { launch: { tags: { size: '010', on: 'true', version: '1.10' } } } } },
    });
  });
});

describe('an amount in a form of its own is told what to write', () => {
  const hintOf = (text: string) => {
    const { loaded } = load(text);
    return loaded.ok ? [] : loaded.diagnostics.map(({ code, hint }) => `${code} ${hint}`);
  };

  it.each([
    ['7days', 'units are s, m, h and d: write 7d'],
    ['2 h', 'no blank before the unit: write 2h'],
    ['1h30m', 'one number and one unit: write 90m'],
    ['1 day 2 hours', 'one number and one unit: write 26h'],
    ['1.1h', 'whole numbers in digits alone: write 66m'],
    ['1_200s', 'whole numbers in digits alone: write 20m'],
    ['PT15M', 'units are s, m, h and d: write 15m'],
    ['5M', 'units are s, m, h and d: write 5m'],
    ['2w', 'units are s, m, h and d: that is 14d, and allowed are 1m to 7d'],
    ['1500ms', 'it is no whole number of the units s, m, h and d'],
    ['3 fortnights', '"fortnights" is none of the units s, m, h and d'],
    ['"20"', 'durations need a unit: 30s, 10m, 24h, 7d'],
    ['ten minutes', 'durations need a unit: 30s, 10m, 24h, 7d'],
    ['P', 'durations need a unit: 30s, 10m, 24h, 7d'],
  ])('a duration of %s', (text, hint) => {
    expect(hintOf(`stall: { after: ${text} }`)).toEqual([`CP1002 ${hint}`]);
  });

  it.each([
    ['14GB', 'units are m, g and t: write 14g'],
    ['14Gi', 'units are m, g and t: write 14g'],
    ['14 g', 'no blank before the unit: write 14g'],
    ['14.5g', 'whole numbers in digits alone: write 14848m'],
    ['2048k', 'units are m, g and t: write 2m'],
    ['"14"', 'sizes need a unit: 512m, 14g'],
    ['0g', 'nothing but a number and its unit'],
  ])('a size of %s', (text, hint) => {
    expect(hintOf(spec(`    driver: { memory: ${text} }`))).toEqual([`CP1002 ${hint}`]);
  });
});

describe('what a newcomer writes is answered with what to write', () => {
  const hintsOf = (text: string) => {
    const loaded = loadPolicy([{ path: 'a.yaml', text }]);
    return loaded.ok ? [] : loaded.diagnostics.map(({ path, hint }) => `${path.split('.').at(-1)}: ${hint}`);
  };
  const job =
    'jobs: { a: { match: { application: { id: 00aa } }, checkpoint: { location: s3://bbb/a }, restart: { budget: { perHour: 3 } } } }\n';

  it('an account with dashes', () => {
    const text = head.replace('"111122223333"', '1111-2222-3333') + job;
    expect(hintsOf(text)).toEqual(['accountId: in quotes and without dashes: "111122223333"']);
  });

  it.each([
    ['stall: 15m', 'stall: write a map: stall: { after: …, action: … }'],
    ['actions: [restart]', 'actions: write a map: actions: { restart: …, scaleUp: …, scaleDown: …, … }'],
    ['alarms: { names: high-lag }', 'names: write a list: names: [ … ]'],
    [
      'source: { kinesis: { stream: "arn:aws:kinesis:us-east-1:111122223333:stream/clicks" } }',
      'stream: the name alone; of an ARN, what follows stream/',
    ],
  ])('%s', (written, hint) => {
    expect(hintsOf(head + job.replace('restart:', `${written}, restart:`))).toEqual([hint]);
  });

  it('jobs as a list', () => {
    expect(hintsOf(`${head}jobs: [{ name: a }]\n`)).toEqual(['jobs: keyed by name: jobs: { NAME: … }']);
  });

  it('a budget of nothing', () => {
    expect(hintsOf(head + job.replace('perHour: 3', 'perHour: 0'))).toEqual([
      'perHour: a job that is never to be started: actions: { restart: observe }',
    ]);
    const scope = 'guardrails: { budgets: { fleet: { perDay: 0 } } }\n';
    expect(hintsOf(head + job + scope)).toEqual([
      'perDay: to hold all restarts back, write a window of effect deny, or pause',
    ]);
    const ofClass = job.replace('budget:', 'classes: { worker-lost: { budget: { perHour: 0 } } }, budget:');
    expect(hintsOf(head + ofClass)).toEqual([
      'perHour: a class that is never to be restarted: action: stop-and-page',
    ]);
  });

  it.each(['checkpilot/slack', '{ env: SLACK_TOKEN }', '{ ssm: /slack/token }', '{}'])(
    'a token from %s, with one fault',
    (tokenFrom) => {
      const text = `notifications: { receivers: { s: { slack: { channel: C0123PAYM, tokenFrom: ${tokenFrom} } } }, root: { receivers: [s] } }\n`;
      expect(hintsOf(head + job + text)).toEqual([expect.stringContaining('checkpilot/slack')]);
    },
  );

  it.each([
    ['EST', 'an abbreviation knows no summer time: name a place such as America/New_York, or UTC'],
    ['EST5EDT', 'an abbreviation knows no summer time: name a place such as America/New_York, or UTC'],
    [
      'CET+1',
      'an offset knows no summer time: name a place such as America/New_York, or UTC (in Etc/GMT+1, plus means west)',
    ],
    [
      '"+02:00"',
      'an offset knows no summer time: name a place such as America/New_York, or UTC (in Etc/GMT+1, plus means west)',
    ],
    ['Berlin', 'did you mean "Europe/Berlin"?'],
    ['New York', 'did you mean "America/New_York"?'],
    ['Europe/Berln', 'did you mean "Europe/Berlin"?'],
    ['somewhere', 'a name of the IANA database such as America/Sao_Paulo, or UTC'],
  ])('a time zone %s', (zone, hint) => {
    const text = `guardrails: { windows: [{ name: w, effect: deny, actions: [restart], timeZone: ${zone}, when: { recurring: { schedule: "0 3 * * SUN", duration: 2h } } }] }\n`;
    expect(hintsOf(head + job + text)).toEqual([`timeZone: ${hint}`]);
  });
});

describe('the limits of StartJobRun', () => {
  const tags = (count: number) => Array.from({ length: count }, (_, i) => `t${i}: v`).join(', ');

  it('leave 196 tags, because four are ours', () => {
    expect(load(spec(`    tags: { ${tags(196)} }`)).told).toEqual([]);
    expect(load(spec(`    tags: { ${tags(197)} }`)).told).toEqual(['error CP1003 197 tags: at most 196']);
  });

  it('allow tag keys of 128 and values of 256 characters', () => {
    const pair = (key: number, value: number) => `    tags: { ${'k'.repeat(key)}: ${'v'.repeat(value)} }`;
    expect(load(spec(pair(128, 256))).told).toEqual([]);
    expect(load(spec(pair(129, 1))).told).toHaveLength(1);
    expect(load(spec(pair(1, 257))).told).toHaveLength(1);
  });

  it('count the text that all settings make together', () => {
    const conf = (length: number) => spec(`    sparkConf: { spark.x: ${'x'.repeat(length)} }`);
    expect(load(conf(100_000)).told).toEqual([]);
    expect(load(conf(102_400)).told).toEqual([
      expect.stringMatching(/^error CP1003 its settings make \d+ characters of sparkSubmitParameters/),
    ]);
  });

  it('allow 1024 arguments and an entry point of 4096 characters', () => {
    const list = (count: number) => spec(`    arguments: [${Array(count).fill('a').join(', ')}]`);
    expect(load(list(1024)).told).toEqual([]);
    expect(load(list(1025)).told).toHaveLength(1);
    const path = (length: number) => spec('').replace('s3://code/1/main.py', 'e'.repeat(length));
    expect(load(path(4096)).told).toEqual([]);
    expect(load(path(4097)).told).toHaveLength(1);
  });
});

describe('a rename', () => {
  it('is compiled for the functions to carry out', () => {
    expect(load('renamedFrom: clicks-old').loaded).toMatchObject({
      ok: true,
      policy: { jobs: { clicks: { name: 'clicks', renamedFrom: 'clicks-old' } } },
    });
  });
});
