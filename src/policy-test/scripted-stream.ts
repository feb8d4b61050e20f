import type { Answer, Failure } from '../control/ports.ts';
import type { StreamRetention } from '../control/stream-ports.ts';
import type { Fixture } from './schema.ts';
import { type Sample, type Series, sampleAt } from './series.ts';
import type { SeriesName } from './vocabulary.ts';

export interface ScriptedStreamOptions {
  readonly fixture: Fixture;
  readonly series: Readonly<Partial<Record<SeriesName, Series>>>;
  readonly startMs: number;
  readonly stepMs: number;
}

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

const hourMs = 3_600_000;

/** The stream of a job as its metrics and its description tell of it, from the fixture and the series of a test. */
export class ScriptedStream {
  /** Made longer by Checkpilot; from then on the series is the past. */
  extendedHours: number | undefined;
  readonly #given: ScriptedStreamOptions;

  constructor(options: ScriptedStreamOptions) {
    this.#given = options;
  }

  received(window: Window): Answer<number> {
    let records = 0;
    for (const { fromMs, toMs } of this.#steps(window)) {
      const rate = this.#number('source.inputRate', fromMs);
      if (rate === undefined) return unmeasured('source.inputRate');
      records += (rate * (toMs - fromMs)) / 1_000;
    }
    return { ok: true, value: Math.floor(records) };
  }

  firstInput(window: Window): Answer<number | undefined> {
    for (const { fromMs } of this.#steps(window)) {
      const rate = this.#number('source.inputRate', fromMs);
      if (rate === undefined) return unmeasured('source.inputRate');
      if (rate > 0) return { ok: true, value: fromMs };
    }
    return { ok: true, value: undefined };
  }

  /** The greatest lag in the window. */
  readAge(window: Window): Answer<number | undefined> {
    let greatest: number | undefined;
    for (const { fromMs } of this.#steps(window)) {
      const seconds = this.#number('lag.seconds', fromMs);
      if (seconds !== undefined) greatest = Math.max(greatest ?? 0, seconds * 1_000);
    }
    return greatest === undefined ? unmeasured('lag.seconds') : { ok: true, value: greatest };
  }

  retention(nowMs: number): Answer<StreamRetention> {
    const hours = this.extendedHours ?? this.#number('source.retentionHours', nowMs);
    if (hours === undefined) return unmeasured('source.retentionHours');
    const openShards = this.#number('source.openShards', nowMs);
    return {
      ok: true,
      value: {
        retentionMs: hours * hourMs,
        readAtMs: nowMs,
        ...(openShards === undefined ? {} : { openShards }),
        isOnDemand: this.#given.fixture.source.streamMode === 'ON_DEMAND',
      },
    };
  }

  /** Of the series at a time; where the test has none, of the fixture. Before the start it is what comes first. */
  #number(name: SeriesName, atMs: number): number | undefined {
    const { series, fixture, startMs, stepMs } = this.#given;
    const given = series[name];
    const { inputRate, shards, retentionHours } = fixture.source;
    const ofFixture: Readonly<Partial<Record<SeriesName, number | undefined>>> = {
      'source.inputRate': inputRate,
      'source.openShards': shards,
      'source.retentionHours': retentionHours,
    };
    const step = Math.max(0, Math.floor((atMs - startMs) / stepMs));
    const sample: Sample | undefined = given ? sampleAt(given, step) : ofFixture[name];
    return typeof sample === 'number' ? sample : undefined;
  }

  /** The window in pieces in which nothing changes. */
  #steps({ fromMs, toMs }: Window): readonly Window[] {
    const { startMs, stepMs } = this.#given;
    const pieces: Window[] = [];
    for (let atMs = fromMs; atMs < toMs; ) {
      const endMs = Math.min(toMs, startMs + (Math.floor((atMs - startMs) / stepMs) + 1) * stepMs);
      pieces.push({ fromMs: atMs, toMs: endMs });
      atMs = endMs;
    }
    return pieces;
  }
}

export function unmeasured(name: SeriesName): Failure {
  return { ok: false, code: 'unavailable', message: `the test says nothing of ${name} here` };
}
