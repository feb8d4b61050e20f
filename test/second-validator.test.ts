import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { minuteMs, startMs, testFleet } from './support/fleet.ts';

// What automation and editors use: a validator that shares no code with the schemas' own library.
const root = fileURLToPath(new URL('..', import.meta.url));
const ajv = new Ajv({
  strict: true,
  // `oneOf` branches repeat names, which strict mode takes for a slip.
  strictTypes: false,
  strictRequired: false,
  allErrors: true,
  formats: {
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/,
    uri: (text: string) => URL.canParse(text),
  },
});

const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('the published schemas of our events, under ajv', () => {
  const schemas = JSON.parse(read('examples/events.schema.json')) as Record<string, object>;
  const validators = new Map<string, ValidateFunction>(
    Object.entries(schemas).map(([type, schema]) => [type, ajv.compile(schema)]),
  );

  it('take every event of jobs that recover, need a person, ask, and are taken over', async () => {
    const at = (cause: 'worker-lost' | 'transient-io' | 'user-code-error', minute: number) =>
      ({ cause, atMs: startMs + minute * minuteMs, times: 1 }) as const;
    const dies = (cause: 'worker-lost' | 'user-code-error') => ({ dieAt: [at(cause, 20)] });
    const fleet = testFleet({
      jobs: {
        orders: { script: dies('worker-lost') },
        twice: { script: { dieAt: [at('worker-lost', 20), at('transient-io', 25)] } },
        broken: { script: dies('user-code-error') },
        asks: { script: dies('worker-lost'), job: { mode: 'suggest' } },
      },
    });
    const request = fleet.policy.jobs.asks?.launch as never as object;
    fleet.world.emr.startJobRun({ ...request, clientToken: 'ana' } as never, {
      arn: 'arn:aws:iam::111122223333:user/ana',
    });
    fleet.startSweeping();
    await fleet.runFor(90 * minuteMs);
    const faults = fleet.events.flatMap(({ type, detail }) => {
      const validate = validators.get(`Checkpilot ${type}`) ?? expect.fail(`no schema of ${type}`);
      const isRight = validate(JSON.parse(JSON.stringify(detail)));
      return isRight ? [] : [`${type}: ${ajv.errorsText(validate.errors)}`];
    });
    expect(faults).toEqual([]);
    expect(new Set(fleet.events.map(({ type }) => `Checkpilot ${type}`))).toEqual(new Set(validators.keys()));
  });

  it('refuse an event without its id, and a severity that does not exist', () => {
    const notice = {
      eventId: 'ntc_1',
      notice: 'run.adopted',
      severity: 'info',
      text: 'orders: taken over.',
    };
    const validate = validators.get('Checkpilot Notice') ?? expect.fail('no schema of a notice');
    expect(validate(notice)).toBe(true);
    expect(validate({ ...notice, severity: 'loud' })).toBe(false);
    const { eventId: _id, ...without } = notice;
    expect(validate(without)).toBe(false);
  });
});

describe('what `checkpilot schema` prints, under ajv', () => {
  const printed = spawnSync(process.execPath, ['bin/checkpilot.mjs', 'schema', '--json'], {
    cwd: root,
    encoding: 'utf8',
  });
  const validate = ajv.compile(JSON.parse(printed.stdout) as object);
  const fixtures = readdirSync(join(root, 'test/policy/fixtures')).filter((name) => /\.ya?ml$/.test(name));

  it('takes the policy of the demo and every good one of the tests', () => {
    const good = [
      'examples/demo/policy.yaml',
      ...fixtures.filter((name) => name.startsWith('good-')).map((name) => `test/policy/fixtures/${name}`),
    ];
    const faults = good.flatMap((path) =>
      validate(parse(read(path))) ? [] : [`${path}: ${ajv.errorsText(validate.errors)}`],
    );
    expect(faults).toEqual([]);
    expect(good.length).toBeGreaterThan(1);
  });

  it.each(['bad-unknown-keys.yaml', 'bad-types.yaml', 'bad-ranges.yaml', 'bad-choices.yaml'])(
    'refuses %s',
    (name) => {
      expect(validate(parse(read(`test/policy/fixtures/${name}`)))).toBe(false);
    },
  );
});
