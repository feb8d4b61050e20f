import { afterEach, describe, expect, it, vi } from 'vitest';
import { lambdaHandler } from '../../src/runtime/lambda.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { logPort, powertoolsLogger } from '../../src/runtime/telemetry.ts';

const secret = 'hunter2';
const quoting = `no login with {'user': 'ana', 'password': '${secret}'}`;

/** What a function writes to its log meanwhile. */
async function logged(work: () => unknown): Promise<string> {
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  const errors = vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  try {
    await work();
  } finally {
    write.mockRestore();
    errors.mockRestore();
  }
  return lines.join('');
}

afterEach(() => vi.restoreAllMocks());

describe('the log of a function', () => {
  it('has no secrets in it, in a message, in a field, or in an error and its cause', async () => {
    const log = logPort(powertoolsLogger());
    const text = await logged(() => {
      log.info(quoting);
      log.warn('refused', { why: quoting, deep: [{ also: quoting }] });
      powertoolsLogger().error('failed', new Error(quoting, { cause: new Error(quoting) }));
    });
    expect(text.split('\n').filter((line) => line !== '')).toHaveLength(3);
    expect(text).toContain("'user': 'ana', 'password': [redacted]");
    expect(text).not.toContain(secret);
    for (const line of text.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
  });

  it('gets an error without them also from Lambda, which prints what a handler throws', async () => {
    const runtime = { functionName: 'f', logger: powertoolsLogger(), emitsMetrics: false };
    const handler = lambdaHandler(runtime as unknown as Runtime, async () => {
      throw new Error(quoting, { cause: new Error(quoting) });
    });
    let thrown: unknown;
    const text = await logged(async () => {
      thrown = await Promise.resolve(handler({}, {} as Parameters<typeof handler>[1])).catch(
        (error) => error,
      );
    });
    expect(text).toContain('the handler failed');
    expect(text).not.toContain(secret);
    const { message, stack, cause } = thrown as Error;
    for (const said of [message, stack, (cause as Error).message, (cause as Error).stack])
      expect(said).toContain('[redacted]');
  });

  it('is that error and no other, also where it cannot be written to', async () => {
    for (const error of [new DOMException(quoting, 'TimeoutError'), Object.freeze(new Error('frozen'))]) {
      const runtime = { functionName: 'f', logger: powertoolsLogger(), emitsMetrics: false };
      const handler = lambdaHandler(runtime as unknown as Runtime, async () => {
        throw error;
      });
      let thrown: unknown;
      await logged(async () => {
        const call = handler({}, {} as Parameters<typeof handler>[1]);
        thrown = await Promise.resolve(call).catch((caught) => caught);
      });
      expect(thrown).toBe(error);
      expect(error.message).not.toContain(secret);
    }
  });
});
