import type { FileAnswer } from './files.ts';
import type { Shards } from './shards.ts';

/**
 * The same stream, asked for so long only, all calls together, and not again once it gave no answer: a stream that is
 * silent must not hold up the job that is looked at. What is not asked any more is `unavailable`.
 */
export function shardsWithin(shards: Shards, msMax: number): Shards {
  const over = AbortSignal.timeout(msMax);
  const late = new Promise<FileAnswer<never>>((resolve) => {
    over.addEventListener('abort', () => resolve(noAnswer), { once: true });
  });
  let isSilent = false;
  const ask = async <T>(call: () => Promise<FileAnswer<T>>): Promise<FileAnswer<T>> => {
    if (isSilent || over.aborted) return noAnswer;
    const answer = await Promise.race([call(), late]);
    if (!answer.ok && answer.code === 'unavailable') isSilent = true;
    return answer;
  };
  return {
    list: (stream) => ask(() => shards.list(stream)),
    firstRecord: (stream, position) => ask(() => shards.firstRecord(stream, position)),
  };
}

const noAnswer = { ok: false, code: 'unavailable', message: 'the stream gave no answer in time' } as const;
