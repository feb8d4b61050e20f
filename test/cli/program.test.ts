import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { toFailure } from '../../src/aws/failures.ts';
import { hintOf } from '../../src/cli/advice.ts';
import { exitCodes } from '../../src/cli/host.ts';
import { checkpilot } from '../../src/cli/program.ts';
import { diagnosticCodes } from '../../src/policy/diagnostics.ts';
import { policyJsonSchema } from '../../src/policy/json-schema.ts';
import { cli, fixture } from './support.ts';

describe('checkpilot', () => {
  it.each([
    [['chek'], "unknown command 'chek'\n(Did you mean check?)"],
    [['check', '--jsno', 'a.yaml'], "unknown option '--jsno'\n(Did you mean --json?)"],
    [['check'], "missing required argument 'file'"],
    [['check', 'a.yaml', '--output', 'xml'], 'Allowed choices are text, json, github'],
    [['schema', 'extra'], 'too many arguments'],
  ])('answers %j with 64 and what was meant, on stderr', async (args, words) => {
    const { code, out, err } = await cli(args);
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toContain(words);
    expect(err).toContain('checkpilot VERB --help');
  });

  it('shows its verbs when it is told none, and that is wrong usage', async () => {
    const { code, out, err } = await cli([]);
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toContain('Commands:');
  });

  it.each([['--help'], ['help'], ['check', '--help'], ['help', 'apply']])(
    'prints help on stdout and ends well: %j %j',
    async (...args) => {
      const { code, out, err } = await cli(args.filter((arg) => arg !== undefined));
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toContain('Usage: checkpilot');
    },
  );

  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await cli(['--version'])).toMatchObject({ code: 0, out: `${version}\n`, err: '' });
  });

  it('says where the names of a deployment are to be found', async () => {
    const { code, err } = await cli(['status'], { env: {} });
    expect(code).toBe(64);
    expect(err).toContain('--table is not given, and CHECKPILOT_TABLE not set');
    expect(err).toContain("--query 'Stacks[0].Outputs'");
  });

  it('says that nothing was ordered when the table could not even be read', async () => {
    const env = { AWS_REGION: 'us-east-1', CHECKPILOT_TABLE: 'checkpilot' };
    const aws = { credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, retries: 'none' } as const;
    // Port 9 is discard: nobody listens.
    const args = ['kill', 'on', '--reason', 'drill', '--endpoint-url', 'http://127.0.0.1:9'];
    const { code, err } = await cli(args, { env, aws });
    expect(code).toBe(1);
    expect(err).toMatch(/^nothing was ordered: .*ECONNREFUSED.*\nCheck the network.*\n$/);
  });

  it('sends those to sign in who have not, whatever the SDK calls that', () => {
    const error = Object.assign(new Error('Could not load credentials from any providers'), {
      name: 'CredentialsProviderError',
    });
    const failure = toFailure(error);
    expect(failure).toMatchObject({ code: 'denied', message: expect.stringContaining('no AWS credentials') });
    expect(hintOf(failure.message)).toContain('aws sso login');
    expect(hintOf('AccessDenied (403): no')).toBeUndefined();
  });

  it('says in one sentence what went wrong in itself, and ends with 1', async () => {
    const out = () => {
      throw new Error('the disk is full');
    };
    const { code, err } = await cli(['schema'], { out });
    expect(code).toBe(1);
    expect(err).toBe(
      'checkpilot schema: could not finish: the disk is full\nSet CHECKPILOT_DEBUG=1 to see where it happened.\n',
    );
    expect((await cli(['schema'], { out, env: { CHECKPILOT_DEBUG: '1' } })).err).toContain('at outJson');
  });
});

describe('checkpilot schema', () => {
  it('prints the schema and nothing else', async () => {
    for (const args of [['schema'], ['schema', '--json']]) {
      const { code, out, err } = await cli(args);
      expect({ code, err, schema: JSON.parse(out) }).toEqual({
        code: 0,
        err: '',
        schema: policyJsonSchema(),
      });
    }
  });
});

describe('checkpilot explain', () => {
  it.each(Object.entries(diagnosticCodes))('explains %s, also by its name %s', async (code, name) => {
    const byCode = await cli(['explain', code.toLowerCase()]);
    expect(byCode.code).toBe(0);
    expect(byCode.out).toMatch(
      new RegExp(`^${code} ${name}\n\n[^]+\n\nExample:\n\n    [^]+\n\nHow to mend it:\n\n`),
    );
    expect((await cli(['explain', name])).out).toBe(byCode.out);
  });

  it('suggests a code that is near', async () => {
    const { code, err } = await cli(['explain', 'CP201']);
    expect(code).toBe(64);
    expect(err).toContain('Did you mean "CP2001"?');
    expect((await cli(['explain', 'duplicate-keys'])).err).toContain('Did you mean "duplicate-key"?');
  });

  it('prints for machines', async () => {
    const { out } = await cli(['explain', 'CP2003', '--json']);
    expect(JSON.parse(out)).toMatchObject({ code: 'CP2003', name: 'two-jobs-on-one-checkpoint' });
  });
});

describe('checkpilot show', () => {
  const file = fixture('good-everything.yaml');

  it('shows what the files say of a job, without the shipped defaults', async () => {
    const { code, out } = await cli(['show', 'clicks', file]);
    expect(code).toBe(0);
    expect(out).toMatch(/^mode +act$/m);
    expect(out).toMatch(/^restart\.gracePeriod +0s$/m);
    expect(out).not.toContain('stableAfter');
  });

  it('adds the shipped defaults, and the place of each value', async () => {
    expect((await cli(['show', 'clicks', file, '--merged'])).out).toMatch(/^restart\.stableAfter +20m$/m);
    const { out } = await cli(['show', 'clicks', file, '--origins']);
    expect(out).toMatch(/^restart\.stableAfter +20m +shipped default$/m);
    for (const line of out.trimEnd().split('\n')) expect(line).toMatch(/(?::\d+:\d+|shipped default)$/);
  });

  it('prints for machines where each value comes from', async () => {
    const { out } = await cli(['show', 'clicks', file, '--merged', '--origins', '--json']);
    const { job, values } = JSON.parse(out) as { job: string; values: unknown[] };
    expect(job).toBe('clicks');
    expect(values).toContainEqual({
      path: 'restart.nativeRetries',
      value: 1,
      origin: `${file}:13:20`,
      file,
      line: 13,
      column: 20,
    });
    expect(values).toContainEqual({ path: 'restart.stableAfter', value: '20m', origin: 'shipped default' });
  });

  it('suggests a job that is near', async () => {
    expect(await cli(['show', 'clikcs', file])).toMatchObject({
      code: 64,
      err: 'the policy has no job "clikcs". Did you mean "clicks"?\n',
    });
  });

  it('shows nothing of a policy with faults but the faults', async () => {
    const { code, out, err } = await cli(['show', 'clicks', fixture('bad-ranges.yaml')]);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain('error CP1003');
  });
});

describe('docs/cli.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');
  const program = checkpilot({
    host: { env: {}, cwd: '.', isTty: false, out: () => {}, err: () => {}, confirm: async () => undefined },
    run: async () => {},
  });

  it.each(program.commands.map((command): [string, Command] => [command.name(), command]))(
    'has a part on %s that names each of its options',
    (name, command) => {
      const [, part = ''] = page.split(new RegExp(`^## .*\`${name}\`.*$`, 'm'));
      // What all orders share stands once, before the first of them.
      const [, shared = ''] = page.split(/^## Orders$/m);
      const isOrder = ['pause', 'resume', 'stop', 'start', 'approve', 'decline', 'kill'].includes(name);
      const text = (part.split(/^## /m)[0] ?? '') + (isOrder ? shared.split(/^## /m)[0] : '');
      for (const { long } of command.options) expect(text, name).toContain(`\`${long}`);
    },
  );

  it('lists each exit code', () => {
    for (const code of Object.values(exitCodes)) expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  });
});
