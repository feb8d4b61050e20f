import { Readable } from 'node:stream';
import { constants, createGzip, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { drain } from '../../src/aws/log-stream.ts';

const error = 'ERROR MicroBatchExecution: java.lang.OutOfMemoryError: Java heap space\n';
const log = (lines: number) =>
  `${Array.from({ length: lines }, (_, n) => `INFO line ${n} ${Math.sin(n)}`).join('\n')}\n${error}`;

/** What is kept of the bytes when they arrive in chunks of this size. */
async function textOf(bytes: Buffer, chunkBytes = bytes.length): Promise<string> {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes));
  return read(Readable.from(chunks));
}

async function read(body: Readable): Promise<string> {
  const kept: Buffer[] = [];
  const limits = { bytesMax: 1e9, abortSignal: AbortSignal.timeout(10_000) };
  await drain(body, { push: (chunk) => kept.push(chunk) }, limits);
  return Buffer.concat(kept).toString('utf8');
}

const chunkSizes = [1, 7, 100, 1_400, 4_096, 16_384, 65_536];

describe('a packed log', () => {
  it('that lacks its last bytes is read to its last word, however it arrives', async () => {
    for (const lines of [1, 60, 2_000])
      for (const size of lines > 60 ? chunkSizes.slice(2) : chunkSizes)
        for (const missing of [1, 4, 8])
          expect(await textOf(gzipSync(log(lines)).subarray(0, -missing), size), `${lines} ${size}`).toBe(
            log(lines),
          );
  });

  it('that breaks off in the middle of its data loses less than a line for each byte that is missing', async () => {
    const whole = log(2_000);
    const packed = gzipSync(whole);
    const kept = await textOf(packed.subarray(0, -40), 1_400);
    expect(whole.startsWith(kept)).toBe(true);
    expect(whole.length - kept.length).toBeLessThan(32 * 40);
  });

  it('with something else behind it is read to its own end', async () => {
    for (const behind of ['xx', '\0\0\0\0', 'a line that somebody appended\n', '\x1f', '\x1f\x8b'])
      for (const size of chunkSizes)
        expect(await textOf(Buffer.concat([gzipSync(log(60)), Buffer.from(behind, 'latin1')]), size)).toBe(
          log(60),
        );
  });

  it('of several members is all of them', async () => {
    const packed = Buffer.concat([gzipSync('one\n'), gzipSync(''), gzipSync(log(60))]);
    for (const size of chunkSizes) expect(await textOf(packed, size)).toBe(`one\n${log(60)}`);
  });

  it('with a name, a comment, more fields and a checksum in its header is read like any other', async () => {
    const plain = gzipSync(error);
    const header = Buffer.from(plain.subarray(0, 10));
    header[3] = 2 | 4 | 8 | 16;
    const more = Buffer.from('\x03\0abcstderr\0of the driver\0\x12\x34', 'latin1');
    const packed = Buffer.concat([header, more, plain.subarray(10)]);
    for (const size of chunkSizes) expect(await textOf(packed, size)).toBe(error);
  });

  it('that is damaged counts as far as it goes', async () => {
    const packed = gzipSync(log(9_999));
    packed.fill(0xff, packed.length / 2, packed.length / 2 + 200);
    const kept = await textOf(packed, 1_400);
    expect(log(9_999).startsWith(kept.slice(0, 100_000))).toBe(true);
    expect(kept.length).toBeGreaterThan(log(9_999).length / 3);
  });

  it('whose connection breaks counts as far as it was read', async () => {
    const packed = gzipSync(log(2_000), { level: 1 });
    async function* breaking() {
      for (let at = 0; at < packed.length - 100; at += 1_400) yield packed.subarray(at, at + 1_400);
      throw new Error('ECONNRESET');
    }
    expect((await read(Readable.from(breaking()))).length).toBeGreaterThan(log(2_000).length * 0.9);
  });

  it('that is still being written is read to what was flushed', async () => {
    const gzip = createGzip();
    const parts: Buffer[] = [];
    gzip.on('data', (part: Buffer) => parts.push(part));
    gzip.write(log(60));
    await new Promise<void>((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, resolve));
    expect(await textOf(Buffer.concat(parts), 100)).toBe(log(60));
  });
});

describe('a log that is not packed', () => {
  it('is what it is, also when it is empty or one letter', async () => {
    for (const text of ['', 'x', '\x1f', error])
      for (const size of [1, 100])
        expect(await textOf(Buffer.from(text, 'latin1'), Math.min(size, text.length || 1))).toBe(text);
  });
});
