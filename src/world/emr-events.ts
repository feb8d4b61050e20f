import type { Attempt, Run } from './emr-run.ts';
import type { JobRunState } from './emr-types.ts';
import type { WorldParameters } from './parameters.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** An EventBridge envelope as a rule's target receives it. */
export interface ServiceEvent {
  version: '0';
  id: string;
  'detail-type': 'EMR Serverless Job Run State Change' | 'EMR Serverless Job Run Retry';
  source: 'aws.emr-serverless';
  account: string;
  /** ISO-8601, whole seconds. */
  time: string;
  region: string;
  resources: string[];
  detail: Record<string, unknown>;
}

export type EventFate = 'deliver' | 'lose' | 'double' | { delayMs: number };

export type EventListener = (event: ServiceEvent) => void | Promise<void>;

export const ACCOUNT = '111122223333';
export const REGION = 'us-east-1';

/** Delivery of the service's events: best effort, late, sometimes twice, in no promised order. */
export class EmrEvents {
  /** Decides what happens to each event; undefined leaves it to the probabilities of the world. */
  fate: ((event: ServiceEvent) => EventFate) | undefined;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #parameters: WorldParameters;
  readonly #listeners: EventListener[] = [];

  constructor(time: VirtualTime, random: Random, parameters: WorldParameters) {
    this.#time = time;
    this.#random = random;
    this.#parameters = parameters;
  }

  onEvent(listener: EventListener): void {
    this.#listeners.push(listener);
  }

  stateChanged(run: Run, previousState: JobRunState): void {
    this.#publish('EMR Serverless Job Run State Change', {
      ...this.#about(run),
      state: run.state,
      previousState,
    });
  }

  retried(run: Run, previous: Attempt, next: Attempt): void {
    this.#publish('EMR Serverless Job Run Retry', {
      ...this.#about(run),
      previousAttempt: previous.number,
      previousAttemptState: previous.state,
      previousAttemptCreatedAt: isoMicroseconds(previous.createdAtMs),
      previousAttemptEndedAt: isoMicroseconds(previous.endedAtMs ?? previous.updatedAtMs),
      newAttempt: next.number,
      newAttemptCreatedAt: isoMicroseconds(next.createdAtMs),
    });
  }

  #about(run: Run): Record<string, unknown> {
    return {
      jobRunId: run.jobRunId,
      applicationId: run.application.applicationId,
      arn: run.arn,
      releaseLabel: run.application.releaseLabel,
      createdBy: run.createdBy,
      updatedAt: isoMicroseconds(run.updatedAtMs),
      createdAt: isoMicroseconds(run.createdAtMs),
    };
  }

  #publish(detailType: ServiceEvent['detail-type'], detail: Record<string, unknown>): void {
    const event: ServiceEvent = {
      version: '0',
      id: this.#random.uuid(),
      'detail-type': detailType,
      source: 'aws.emr-serverless',
      account: ACCOUNT,
      time: new Date(this.#time.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      region: REGION,
      resources: [],
      detail,
    };
    const fate = this.fate?.(event) ?? this.#drawnFate();
    if (fate === 'lose') return;
    this.#deliver(event, typeof fate === 'object' ? fate.delayMs : this.#drawnDelayMs());
    if (fate === 'double') this.#deliver(event, this.#drawnDelayMs());
  }

  #deliver(event: ServiceEvent, delayMs: number): void {
    this.#time.after(Math.round(delayMs), async () => {
      // Each target gets a copy of its own, as over the wire.
      await Promise.all(this.#listeners.map((listener) => listener(structuredClone(event))));
    });
  }

  #drawnFate(): EventFate {
    if (this.#random.chance(this.#parameters.eventLossProbability)) return 'lose';
    return this.#random.chance(this.#parameters.eventDoubleProbability) ? 'double' : 'deliver';
  }

  #drawnDelayMs(): number {
    const { p50, p95 } = this.#parameters.eventDelaySeconds;
    return 1000 * this.#random.logNormal({ median: p50, p95 });
  }
}

/** 2022-05-31T21:07:42.299000Z: the service writes microseconds. */
export function isoMicroseconds(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('Z', '000Z');
}
