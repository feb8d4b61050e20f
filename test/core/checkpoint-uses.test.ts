import { describe, expect, it } from 'vitest';
import { explain } from '../../src/core/explain.ts';
import type { PositionGap } from '../../src/core/observation.ts';
import {
  aGrant,
  aJob,
  aRequest,
  atBatch,
  aWish,
  beside,
  checkpoint,
  ended,
  hourMs,
  judge,
  nowMs,
  type Situation,
  texts,
} from '../support/build.ts';

describe('the look right before a start', () => {
  const ready = (changes: NonNullable<Situation['observation']> = {}, memory: Situation['memory'] = {}) =>
    judge({
      memory: { wish: aWish(), grant: aGrant(), ...memory },
      observation: { run: ended('Read timed out'), others: beside(), ...changes },
    });
  const damaged = {
    [checkpoint]: {
      kind: 'seen' as const,
      health: 'corrupt',
      fault: { path: 'offsets/121', message: 'it is cut off; Spark refuses to start the query' },
    },
  };

  it('parks the job when Spark would refuse the checkpoint, and says where', () => {
    const decision = ready({ inspections: damaged });
    expect(decision).toMatchObject({
      kind: 'park',
      reason: 'checkpoint-damaged',
      verdict: { judgement: { class: 'checkpoint-corrupt' }, notice: { severity: 'critical' } },
    });
    expect(decision.verdict.notice?.text).toContain(`${checkpoint}/offsets/121: it is cut off`);
  });

  it('does not stand in the way of what may succeed, or of what could not be looked at', () => {
    const incompatible = { [checkpoint]: { kind: 'seen' as const, health: 'incompatible' } };
    const unread = { [checkpoint]: { kind: 'unknown' as const, why: 'denied: s3:GetObject' } };
    expect(ready({ inspections: incompatible }).verdict.kind).toBe('claim');
    expect(ready({ inspections: unread }).verdict.kind).toBe('claim');
    expect(ready().verdict.kind).toBe('claim');
  });

  it('leaves the last word to a person who orders the start', () => {
    expect(ready({ inspections: damaged }, { wish: aWish({ cause: 'operator' }) }).verdict.kind).toBe(
      'claim',
    );
  });
});

describe('a checkpoint that waits for the very first start of a job', () => {
  const { afterRunId: _none, ...launchWish } = aWish({ cause: 'launch' });
  const atLaunch = (inspections: NonNullable<Situation['observation']>['inspections']) =>
    judge({
      job: aJob({ launch: aRequest() }),
      memory: { generation: 0, wish: launchWish, grant: aGrant() },
      observation: { run: { kind: 'none' }, others: beside(), ...(inspections ? { inspections } : {}) },
    });

  it('is looked at like any other, and a damaged one is started by nobody', () => {
    const decision = atLaunch({
      [checkpoint]: {
        kind: 'seen',
        health: 'corrupt',
        fault: { path: 'metadata', message: 'it is cut off' },
      },
    });
    expect(decision).toMatchObject({ kind: 'park', reason: 'checkpoint-damaged' });
    expect(decision.verdict.notice?.text).toContain('It has never run;');
    expect(decision.verdict.learned?.parked).not.toHaveProperty('jobRunId');
  });

  it('holds nothing up when it is empty', () => {
    expect(atLaunch({ [checkpoint]: { kind: 'seen', health: 'empty' } }).verdict.kind).toBe('claim');
  });
});

describe('a batch that kills its run', () => {
  const inspections = {
    [checkpoint]: {
      kind: 'seen' as const,
      health: 'in-flight',
      inFlight: { batch: 121, range: 'orders 0 from 88123 to 88400' },
    },
  };
  const told = (text: string) =>
    judge({ observation: { run: ended(text), checkpoints: { [checkpoint]: atBatch(120) }, inspections } });

  it('is named with its offsets to the person who is called', () => {
    const decision = told('[MALFORMED_RECORD_IN_PARSING] Malformed records are detected in record parsing');
    expect(decision.verdict.notice?.text).toContain('It died in batch 121: orders 0 from 88123 to 88400.');
    expect(explain(decision).join('\n')).toContain('batch 121 is in flight: orders 0 from 88123 to 88400');
  });

  it("is nobody's affair when a right is missing", () => {
    expect(told('Access Denied (Status Code: 403)').verdict.notice?.text).not.toContain('It died in batch');
  });
});

describe('the first batch of a new run', () => {
  const gap: PositionGap = {
    kind: 'skipped',
    stream: 'clicks',
    id: 'shardId-000000000003',
    from: { position: '4968', positionType: 'AFTER_SEQUENCE_NUMBER' },
    to: { position: '4999', positionType: 'AFTER_SEQUENCE_NUMBER' },
  };
  const at = { checkpoints: { [checkpoint]: atBatch(122) } };
  const gapAt = (generation: number) => ({ [checkpoint]: { generation, isUnbroken: false } });
  const found = (...gaps: PositionGap[]) =>
    judge({ observation: { ...at, seams: { [checkpoint]: { kind: 'seen', batch: 120, gaps } } } });

  it('calls a person when it skips records, with shard and range', () => {
    const decision = found(gap);
    expect(decision).toMatchObject({
      reason: 'positions-skipped',
      verdict: {
        learned: { audits: gapAt(1) },
        notice: { event: 'incident.needs-human', severity: 'critical' },
      },
    });
    expect(decision.verdict.notice?.text).toContain(
      'clicks shardId-000000000003 skipped from AFTER_SEQUENCE_NUMBER 4968 to AFTER_SEQUENCE_NUMBER 4999',
    );
  });

  it('is told of as a warning when it reads again what was read', () => {
    expect(found({ ...gap, kind: 'went-back' })).toMatchObject({
      reason: 'positions-repeated',
      verdict: { notice: { event: 'incident.opened', severity: 'warning' } },
    });
  });

  it('warns, and calls nobody, of what could not be proven', () => {
    const decision = found({ ...gap, kind: 'unproven', to: null, why: 'denied: kinesis:GetRecords' });
    expect(decision).toMatchObject({
      verdict: { notice: { event: 'incident.opened', severity: 'warning' } },
    });
    expect(decision.verdict.notice?.text).toContain(
      'the stream could not be asked for more (denied: kinesis:GetRecords)',
    );
  });

  it('tells a shard that nobody ever read from one that was left', () => {
    expect(found({ ...gap, kind: 'vanished', from: null, to: null }).verdict.notice?.text).toContain(
      'shardId-000000000003 was opened and closed meanwhile, and never read',
    );
  });

  it('names three shards of many', () => {
    const text = found(...Array.from({ length: 9 }, (_, id) => ({ ...gap, id: `shard-${id}` }))).verdict
      .notice?.text;
    expect(text).toContain('shard-2');
    expect(text).toContain('and 6 more');
    expect(text).not.toContain('shard-3');
  });

  it('is audited once when all is well, and again when it could not be read', () => {
    expect(found().verdict.learned?.audits).toEqual({ [checkpoint]: { generation: 1, isUnbroken: true } });
    const unread = judge({
      observation: { ...at, seams: { [checkpoint]: { kind: 'unknown', why: 'throttled' } } },
    });
    expect(unread.verdict.learned?.audits).toBeUndefined();
    const untold = judge({
      observation: { ...at, seams: { [checkpoint]: { kind: 'untold', batch: 120 } } },
    });
    expect(untold.verdict.learned?.audits).toEqual(gapAt(1));
    expect(explain(untold).join('\n')).toContain('could not be audited');
  });

  it('of two queries is told for both at once, and noted for each', () => {
    const other = 's3://acme-checkpoints/orders-late';
    const decision = judge({
      observation: {
        ...at,
        seams: {
          [checkpoint]: { kind: 'seen', batch: 120, gaps: [gap] },
          [other]: { kind: 'seen', batch: 7, gaps: [{ ...gap, kind: 'went-back', id: 'shard-late' }] },
        },
      },
    });
    expect(decision.verdict.notice?.text).toMatch(
      /batch 120 and 121.*skipped.*; and between batch 7 and 8 .*went back/,
    );
    expect(Object.keys(decision.verdict.learned?.audits ?? {})).toEqual([checkpoint, other]);
  });

  it('of a run that has died is told before the end is judged, which waits for a second', () => {
    const decision = judge({
      observation: {
        ...at,
        run: ended(texts.transient),
        seams: { [checkpoint]: { kind: 'seen', batch: 120, gaps: [gap] } },
      },
    });
    expect(decision).toMatchObject({ kind: 'wait', reason: 'positions-skipped' });
    expect(decision.verdict.untilMs).toBe(nowMs + 1_000);
    expect(decision.verdict.notice?.text).toContain('orders ran again, and records were skipped');
  });

  it('is called unbroken in the end only when that of each query was', () => {
    const incident = {
      id: 'inc_0',
      openedAtMs: nowMs - hourMs,
      needsHuman: false,
      toldReason: 'job-run-failed',
      restarts: 1,
    } as const;
    const told = (isUnbroken: boolean, generation = 1) =>
      judge({
        memory: {
          incident,
          audits: { [checkpoint]: { generation: 1, isUnbroken: true }, other: { generation, isUnbroken } },
        },
        observation: at,
      }).verdict.notice?.text;
    expect(told(true)).toContain('Its first batch began where the last one had ended.');
    expect(told(false)).not.toContain('Its first batch');
    expect(told(false, 0)).toContain('Its first batch began where the last one had ended.');
  });
});
