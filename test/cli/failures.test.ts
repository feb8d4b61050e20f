import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hintOf } from '../../src/cli/advice.ts';
import { cli, fixture, folderWith, policyText, type Ran } from './support.ts';

const env = { AWS_REGION: 'us-east-1', CHECKPILOT_TABLE: 't', CHECKPILOT_CONTROL_BUCKET: 'b' };
const aws = { credentials: { accessKeyId: 'x', secretAccessKey: 'y' }, retries: 'none' as const };
const nobody = 'http://127.0.0.1:9';
const away = ['--endpoint-url', nobody];

function document({ out }: Ran) {
  return JSON.parse(out) as { ok: boolean; errors: { code: string; message: string; hint?: string }[] };
}

describe('--json of a verb that fails', () => {
  const cwd = () => folderWith({ 'policy.yaml': policyText({ clicks: '' }) });
  const orders = ['--reason', 'x', ...away];

  it.each<[string, number, string, readonly string[]]>([
    ['status', 1, 'unavailable', away],
    ['status', 64, 'usage', ['--endpoint-url', 'foo']],
    ['status', 64, 'usage', ['--no-such-option']],
    ['explain', 1, 'unavailable', ['clicks', ...away]],
    ['pause', 1, 'unavailable', ['clicks', '--for', '1h', ...orders]],
    ['pause', 64, 'usage', orders],
    ['resume', 1, 'unavailable', ['clicks', ...away]],
    ['stop', 1, 'unavailable', ['clicks', ...orders]],
    ['start', 1, 'unavailable', ['clicks', ...orders]],
    ['approve', 1, 'unavailable', ['clicks', ...orders]],
    ['decline', 64, 'usage', ['clicks', ...away]],
    ['kill', 1, 'unavailable', ['on', ...orders]],
    ['apply', 1, 'failed', ['policy.yaml', '--yes', ...away]],
    ['apply', 3, 'CP1003', [fixture('bad-ranges.yaml'), ...away]],
    ['show', 64, 'no-such-job', ['clikcs', 'policy.yaml']],
    ['show', 1, 'unreadable', ['clicks', 'nowhere.yaml']],
    ['show', 3, 'CP1003', ['clicks', fixture('bad-ranges.yaml')]],
    ['classify', 1, 'unreadable', ['no.log']],
    ['classify', 1, 'bad-line', ['--jsonl', 'policy.yaml']],
    ['checkpoint', 1, 'malformed', ['no-such-folder']],
    ['checkpoint', 1, 'no-checkpoint', ['.']],
    ['checkpoint', 64, 'usage', ['s3://bucket/x', '--endpoint-url', 'foo']],
    ['test', 64, 'usage', ['--min-coverage', 'much']],
    ['check', 64, 'usage', []],
  ])('of %s with exit %i is one document that says %s', async (verb, exitCode, code, args) => {
    const ran = await cli([verb, ...args, '--json'], { env, aws, cwd: cwd() });
    expect(ran.code, ran.err).toBe(exitCode);
    const { ok, errors } = document(ran);
    expect({ ok, codes: errors.map((error) => error.code) }).toMatchObject({
      ok: false,
      codes: expect.arrayContaining([code]),
    });
    for (const { message } of errors) expect(message).not.toBe('');
    expect(ran.err).not.toBe('');
  });

  it('says nothing on stdout without --json', async () => {
    expect(await cli(['status', ...away], { env, aws })).toMatchObject({ code: 1, out: '' });
  });

  it.each([
    ['the value of another option', ['pause', 'clicks', '--reason', '--json']],
    ['glued to another option', ['pause', 'clicks', '--reason=--json']],
    ['behind --', ['show', 'clicks', 'nowhere.yaml', '--', '--json']],
    ['given a value', ['pause', 'clicks', '--json=no']],
    ['outdone by another format', ['check', 'nowhere.yaml', '--json', '--output', 'text']],
    ['"json" in a place of its own', ['stop', 'clicks', '--by', '--output', 'json']],
  ])('is not what it says when it is %s', async (_where, args) => {
    const { code, out } = await cli(args, { env, aws, cwd: cwd() });
    expect(code).not.toBe(0);
    expect(out).toBe('');
  });

  it.each([
    ['before what is wrong', ['pause', '--json', '--for']],
    ['after what is wrong', ['check', '--output', 'xml', '--output', 'json', 'policy.yaml']],
    ['as a format', ['check', '--output=json']],
    ['of a verb that does not exist', ['chekc', '--json']],
  ])('is known %s', async (_where, args) => {
    const ran = await cli(args, { env, aws, cwd: cwd() });
    expect(ran.code).toBe(64);
    expect(document(ran).errors).toMatchObject([{ code: 'usage' }]);
  });

  it('hands over what nobody foresaw in the same form', async () => {
    const broken = {
      get AWS_REGION(): string {
        throw new Error('no such machine');
      },
    };
    const ran = await cli(['status', '--json'], { env: broken });
    expect(ran.code).toBe(1);
    expect(document(ran).errors).toMatchObject([
      { code: 'failed', message: 'checkpilot status: could not finish: no such machine' },
    ]);
  });
});

describe('a wake queue', () => {
  const stop = ['stop', 'clicks', '--reason', 'x', ...away];

  it.each([
    'checkpilot-wake',
    'arn:aws:sqs:us-east-1:111122223333:checkpilot-wake',
    'https://sqs.us-east-1.amazonaws.com',
    'https://sqs.us-east-1.amazonaws.com/',
    'https://',
    'http://[/a',
    '',
  ])('is refused before anything is ordered when it is no URL of one: %j', async (queue) => {
    const { code, out, err } = await cli([...stop, '--queue', queue], { env, aws });
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toBe(
      `--queue "${queue}" is no URL of a queue; it is written like https://sqs.us-east-1.amazonaws.com/111122223333/NAME, and may be left out\n`,
    );
  });

  it('is told by the variable that names it, together with whatever else is missing', async () => {
    const { code, err } = await cli(stop, { env: { CHECKPILOT_WAKE_QUEUE_URL: 'wake' }, aws });
    expect(code).toBe(64);
    expect(err).toMatch(/^--table is not given/);
    expect(err).toContain('CHECKPILOT_WAKE_QUEUE_URL "wake" is no URL of a queue');
  });

  it.each(['', 'http://127.0.0.1:4566/111122223333/wake'])('is taken as it should be: %j', async (url) => {
    const { err } = await cli(stop, { env: { ...env, CHECKPILOT_WAKE_QUEUE_URL: url }, aws });
    expect(err).toContain('no connection');
  });

  it('keeps nobody from the kill switch', async () => {
    const { err } = await cli(['kill', 'on', '--reason', 'x', ...away, '--queue', 'wake'], { env, aws });
    expect(err).toContain('no connection');
  });
});

describe('a service that does not answer', () => {
  it('is told as a matter of the network, with its address', async () => {
    const ran = await cli(['status', '--json', ...away], { env, aws });
    const [problem] = document(ran).errors;
    expect(problem?.message).toContain('no connection (connect ECONNREFUSED 127.0.0.1:9)');
    expect(problem?.hint).toContain('--endpoint-url');
    expect(ran.err).not.toContain('may you read');
  });

  it('is told with the name that nobody knows', async () => {
    const { err } = await cli(['kill', 'on', '--reason', 'x', '--endpoint-url', 'http://nowhere.invalid'], {
      env,
      aws,
    });
    expect(err).toMatch(
      /^nothing was ordered: no connection \(getaddrinfo E\w+ nowhere\.invalid\)\.\nCheck the network/,
    );
  });

  it('is told as credentials that have run out, and as rights where they are the matter', async () => {
    const err = async (type: string) => {
      const url = await answering(400, { __type: `com.amazonaws#${type}`, message: 'No.' });
      return (await cli(['status', '--endpoint-url', url], { env, aws })).err;
    };
    const expired = await err('ExpiredTokenException');
    expect(expired).toContain('the AWS credentials have expired');
    expect(expired).toContain('Sign in again');
    expect(await err('AccessDeniedException')).toContain('may you read table and bucket?');
    const gone = await err('ResourceNotFoundException');
    expect(gone).toContain('Check the names, the account and the Region');
    expect(gone).not.toContain('apply');
  });

  it('has a hint of its own for a time-out', () => {
    expect(hintOf('no answer in time (TimeoutError)')).toContain('try again');
  });
});

async function answering(status: number, body: object): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('an endpoint that is no URL', () => {
  it.each<[string, Record<string, string>, readonly string[]]>([
    ['--endpoint-url', {}, ['--endpoint-url', 'foo']],
    ['--endpoint-url', {}, ['--endpoint-url', 'localhost:4566']],
    ['AWS_ENDPOINT_URL', { AWS_ENDPOINT_URL: 'foo' }, []],
    ['AWS_ENDPOINT_URL_S3', { AWS_ENDPOINT_URL_S3: 'foo' }, []],
  ])('is wrong usage that names %s', async (setting, more, args) => {
    for (const line of [['status'], ['explain', 'clicks'], ['checkpoint', 's3://b/x']]) {
      const { code, err } = await cli([...line, ...args], { env: { ...env, ...more }, aws });
      expect(code, err).toBe(64);
      expect(err).toContain(setting);
      expect(err).toContain('is no URL; it is written like http://127.0.0.1:4566');
    }
  });
});

const testText = `apiVersion: checkpilot/v1
kind: PolicyTest
policies: [policy.yaml]
start: "2026-11-20T21:00:00Z"
fixtures: { clicks: { job: clicks } }
tests:
  - { name: stays calm, fixture: clicks, expect: [{ at: 1m, writes: none }] }
`;

describe('test --junit', () => {
  const tests = (cwd: string) => {
    writeFileSync(join(cwd, 'policy.yaml'), policyText({ clicks: 'mode: act' }));
    writeFileSync(join(cwd, 'a.test.yaml'), testText);
  };

  it('makes the folder that it is told', async () => {
    const cwd = folderWith({});
    tests(cwd);
    expect(await cli(['test', '--junit', 'out/new/junit.xml'], { cwd })).toMatchObject({ code: 0, err: '' });
    expect(readFileSync(join(cwd, 'out/new/junit.xml'), 'utf8')).toContain('stays calm');
  });

  it('says where it could not write, after the results', async () => {
    const cwd = folderWith({});
    tests(cwd);
    const { code, out, err } = await cli(['test', '--junit', 'policy.yaml/junit.xml'], { cwd });
    expect(out).toContain('1 passed');
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringMatching(/--junit policy\.yaml\/junit\.xml: .*\nName a file/),
    });
  });
});

describe('classify', () => {
  const lost = 'ERROR TaskSchedulerImpl: Lost executor 3 on 10.0.0.1: Container killed';

  it('judges the files of one run together, packed or not, as the functions do', async () => {
    const cwd = folderWith({ stdout: 'hello\n' });
    const stderr = `${lost}\njava.lang.OutOfMemoryError: Java heap space\n`;
    writeFileSync(join(cwd, 'stderr.gz'), gzipSync(stderr));
    writeFileSync(join(cwd, 'cut.gz'), gzipSync(stderr.repeat(2000)).subarray(0, -12));
    const { code, out } = await cli(['classify', 'stderr.gz', 'stdout', '--json'], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      class: 'memory-exhausted',
      place: { source: 'stderr.gz', line: 2 },
    });
    expect((await cli(['classify', 'stdout', 'stderr.gz', '--json'], { cwd })).out).toBe(out);
    expect((await cli(['classify', 'cut.gz'], { cwd })).out).toContain('memory-exhausted');
    writeFileSync(join(cwd, 'bomb.gz'), gzipSync(Buffer.alloc(257 * 1024 * 1024)));
    const bomb = await cli(['classify', 'bomb.gz'], { cwd });
    expect(bomb).toMatchObject({ code: 1, out: '' });
    expect(bomb.err).toContain('bomb.gz: it unpacks to more than 256 MB');
  });

  it('reads stdin once', async () => {
    expect(await cli(['classify', '-', '-'])).toMatchObject({ code: 64 });
  });

  it('tells the first bad lines of a list and counts the others', async () => {
    const cwd = folderWith({ 'page.md': 'no\n'.repeat(184) });
    const { code, err } = await cli(['classify', '--jsonl', 'page.md'], { cwd });
    expect(code).toBe(1);
    const lines = err.trimEnd().split('\n');
    expect(lines).toHaveLength(7);
    expect(lines.slice(5)).toEqual([
      '… and 179 more bad lines',
      'For a log or another plain text leave out --jsonl: checkpilot classify FILE',
    ]);
  });
});

describe('pause', () => {
  it('asks for the job first, and for its length then', async () => {
    expect((await cli(['pause'])).err).toContain('pause which job? Name one, or say --all');
    expect((await cli(['pause', 'clicks'])).err).toContain('pause needs --for, such as 30m or 4h');
  });
});

describe('checkpoint of a folder that is none', () => {
  it('says what stands there instead', async () => {
    const cwd = folderWith({ 'a.md': '', 'b.md': '', '.hidden': '' });
    const { code, out, err } = await cli(['checkpoint', '.'], { cwd });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(
      'holds no files of a checkpoint (offsets/, commits/, metadata), but a.md, b.md; name',
    );
  });

  it('takes a folder that is empty, or holds only what writers leave behind, for a new query', async () => {
    expect(
      await cli(['checkpoint', '.', '--json'], { cwd: folderWith({ '.hidden': '', orders_$folder$: '' }) }),
    ).toMatchObject({
      code: 0,
      out: expect.stringContaining('"health": "empty"'),
    });
  });
});
