import { constants, createInflateRaw } from 'node:zlib';

/** Packed bytes given to zlib at once: each may unfold a thousandfold, and what came of them before a fault is lost. */
const sliceBytesMax = 16 * 1024;
/** A gzip member ends with a checksum and its length; a log is not checked, because one that breaks off has neither. */
const trailerBytes = 8;
/** A name and a comment may stand in the header; real ones have a few bytes. */
const headerBytesMax = 64 * 1024;

/** Handed on at once. */
const unfoldedBytes = 64 * 1024;

const flags = { headerChecksum: 2, extra: 4, name: 8, comment: 16 } as const;

export function looksPacked(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * What a gzip unfolds to, member after member, as far as it goes: one that breaks off, is damaged, or has something else
 * behind it ends the text and loses nothing that came before. Node's own stream drops what it had ready then.
 */
export async function* gunzipped(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let ahead = Buffer.alloc(0);
  let skip = 0;
  let member: Member | undefined;
  try {
    for await (const slice of slicesOf(packed)) {
      ahead = Buffer.concat([ahead, slice]);
      while (ahead.length > skip) {
        if (!member) {
          ahead = ahead.subarray(skip);
          skip = 0;
          const header = headerBytes(ahead);
          if (header === 'none') return;
          if (header === 'more') break;
          ahead = ahead.subarray(header);
          member = new Member();
        }
        const taken: Taken = await member.take(ahead);
        yield* taken.out;
        if (taken.kind === 'broken') return;
        ahead = ahead.subarray(taken.kind === 'ended' ? taken.bytes : ahead.length);
        if (taken.kind === 'goes-on') break;
        member.close();
        member = undefined;
        skip = trailerBytes;
      }
    }
  } finally {
    member?.close();
  }
}

async function* slicesOf(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of packed)
    for (let at = 0; at < chunk.length; at += sliceBytesMax) yield chunk.subarray(at, at + sliceBytesMax);
}

/** Length of the header of a member (RFC 1952), or that more of it has to come, or that this is none. */
function headerBytes(bytes: Buffer): number | 'more' | 'none' {
  if (bytes.length >= 2 && !looksPacked(bytes)) return 'none';
  const set = bytes[3] ?? 0;
  let end = 10;
  if (bytes.length > end && (set & flags.extra) !== 0)
    end += bytes.length >= end + 2 ? 2 + bytes.readUInt16LE(end) : headerBytesMax;
  for (const text of [flags.name, flags.comment]) {
    if ((set & text) === 0) continue;
    const zero = bytes.indexOf(0, end);
    end = zero < 0 ? Number.POSITIVE_INFINITY : zero + 1;
  }
  if ((set & flags.headerChecksum) !== 0) end += 2;
  if (bytes.length > end) return end;
  return bytes.length > headerBytesMax ? 'none' : 'more';
}

/** One member, without its header. */
class Member {
  readonly #inflate = createInflateRaw({ flush: constants.Z_SYNC_FLUSH, chunkSize: unfoldedBytes });
  #out: Buffer[] = [];
  #given = 0;
  #ended: 'well' | 'broken' | undefined;
  #wake = () => {};

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => this.#out.push(chunk));
    this.#inflate.on('end', () => this.#end('well'));
    this.#inflate.on('error', () => this.#end('broken'));
  }

  /** What the bytes unfold to, and how many of them belonged to the member where it ended. */
  async take(bytes: Buffer): Promise<Taken> {
    this.#out = [];
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#inflate.write(bytes, () => resolve());
    });
    const out = this.#out;
    const before = this.#given;
    this.#given += bytes.length;
    if (this.#ended === undefined) return { kind: 'goes-on', out };
    if (this.#ended === 'broken') return { kind: 'broken', out };
    return { kind: 'ended', out, bytes: this.#inflate.bytesWritten - before };
  }

  close(): void {
    this.#inflate.destroy();
  }

  #end(how: 'well' | 'broken'): void {
    this.#ended = how;
    this.#wake();
  }
}

type Taken =
  | { readonly kind: 'goes-on' | 'broken'; readonly out: readonly Buffer[] }
  | { readonly kind: 'ended'; readonly out: readonly Buffer[]; readonly bytes: number };
