import { describe, expect, it } from 'vitest';
import type { Loss } from '../../src/core/losses.ts';
import { lossMark, rememberedMax } from '../../src/core/losses.ts';
import type { JobMemory } from '../../src/core/memory.ts';
import type { LossSensor } from '../../src/core/observation.ts';
import { aJob, ended, hourMs, judge, minuteMs, nowMs } from '../support/build.ts';

const lost = (from: number): Loss => ({
  key: `orders-1 ${from} 900`,
  what: `orders-1: offsets ${from} to 900`,
  source: 'SPARK_EXECUTOR/2/stderr.gz',
  line: 7,
});
const look = { jobRunId: 'run-1', applicationId: 'app-1', attempt: 1, atMs: nowMs };
const losses = (...found: readonly Loss[]): LossSensor => ({ kind: 'seen', found, jobRunId: 'run-1', look });
const told = (...found: readonly Loss[]): Partial<JobMemory> => ({
  losses: { told: found.map(lossMark), atMs: nowMs - hourMs, incidentId: 'inc_0' },
});

describe('records that a log says were left out', () => {
  it('call a person with range and place, whatever the mode, and leave the run alone', () => {
    const job = aJob({ mode: 'observe' });
    const { kind, aside } = judge({ job, observation: { losses: losses(lost(5)) } });
    expect(kind).toBe('nothing');
    expect(aside?.notices).toMatchObject([{ event: 'incident.needs-human', opens: true }]);
    expect(aside?.notices?.[0]?.text).toContain('orders-1: offsets 5 to 900 (SPARK_EXECUTOR/2/stderr.gz:7)');
    expect(aside?.learned).toMatchObject({
      lossLook: look,
      incident: { needsHuman: true, class: 'source-data-lost' },
    });
  });

  it('are told once, and a new range in the incident of the first without another call', () => {
    const incident = {
      id: 'inc_0',
      openedAtMs: nowMs,
      needsHuman: true,
      toldReason: 'records-left-out',
      restarts: 0,
    } as const;
    const again = judge({ memory: told(lost(5)), observation: { losses: losses(lost(5)) } });
    expect(again.aside).not.toHaveProperty('notices');
    const more = judge({
      memory: { ...told(lost(5)), incident },
      observation: { losses: losses(lost(5), lost(6)) },
    });
    expect(more.aside?.notices).toMatchObject([{ event: 'incident.updated', stillNeedsHuman: true }]);
    expect(more.aside?.notices?.[0]?.text).not.toContain('offsets 5 to');
  });

  describe('beside a park for lost data', () => {
    const quoted =
      'OffsetOutOfRangeException: Offset 5 is out of range for orders-1, whose log begins at 900; set failOnDataLoss to false';
    const parked = (...found: readonly Loss[]) =>
      judge({ observation: { run: ended(quoted), losses: losses(...found) } });

    it('are told by the park alone where it names partition and range', () => {
      const { kind, verdict, aside } = parked(lost(5));
      expect(kind).toBe('park');
      expect(verdict.notice?.text).toContain('orders-1');
      expect(aside?.notices).toBeUndefined();
      expect(aside?.learned?.losses?.told).toEqual([lossMark(lost(5))]);
    });

    it('are told where it does not, without another call and each range once', () => {
      const other = { ...lost(5), key: 'orders-77 5 900', what: 'orders-77: offsets 5 to 900' };
      const { aside } = parked(lost(5), other, lost(6));
      expect(aside?.notices).toMatchObject([{ event: 'incident.updated', stillNeedsHuman: true }]);
      expect(aside?.notices?.[0]?.text).toMatch(/orders-77: offsets 5 to 900.*orders-1: offsets 6 to 900/);
      expect(aside?.notices?.[0]?.text).not.toContain('orders-1: offsets 5 to');
      expect(aside?.learned?.losses?.told).toHaveLength(3);
    });
  });

  it('are told in one notice that counts those of which there are no words', () => {
    const sensor = { ...losses(lost(5)), further: ['a', 'b'] } as LossSensor;
    const { aside } = judge({ observation: { losses: sensor } });
    expect(aside?.notices?.[0]?.text).toContain('; and 2 more');
    expect(aside?.learned?.losses?.told).toEqual([lossMark(lost(5)), 'a', 'b']);
  });

  it('are told once each however many files tell of them again and again', () => {
    const of = (group: number) =>
      losses(...Array.from({ length: 40 }, (_, index) => lost(group * 40 + index)));
    let memory: Partial<JobMemory> = {};
    let notices = 0;
    for (let look = 0; look < 16; look += 1) {
      const { aside } = judge({ memory, observation: { losses: of(look % 4) } });
      notices += aside?.notices?.length ?? 0;
      memory = { ...memory, ...aside?.learned };
    }
    expect(notices).toBe(4);
    expect(memory.losses?.told).toHaveLength(160);
  });

  it('are told once a day when there are more than can be remembered, in an incident that stays open', () => {
    const many = Array.from({ length: rememberedMax }, (_, index) => `mark-${index}`);
    const first = judge({ observation: { losses: { ...losses(lost(5)), further: many } as LossSensor } });
    expect(first.aside?.notices?.[0]?.text).toContain('told once a day');
    const memory = { ...first.aside?.learned };
    expect(memory.losses?.told).toHaveLength(rememberedMax);
    expect(JSON.stringify(memory).length).toBeLessThan(40_000);
    const at = (ms: number) =>
      judge({ memory, observation: { nowMs: nowMs + ms, losses: losses(lost(6)) } }).aside;
    expect(at(hourMs)).not.toHaveProperty('notices');
    expect(at(hourMs)?.learned?.losses).toMatchObject({ atMs: nowMs, metAtMs: nowMs + hourMs });
    expect(at(25 * hourMs)?.notices).toMatchObject([{ event: 'incident.updated' }]);
  });

  it('keep the incident open until two looks in a row found nothing', () => {
    const incident = {
      id: 'inc_0',
      openedAtMs: nowMs,
      needsHuman: true,
      toldReason: 'records-left-out',
      restarts: 0,
    } as const;
    const lately = (agoMs: number) =>
      judge({ memory: { incident, losses: { told: ['x'], atMs: nowMs - agoMs, incidentId: 'inc_0' } } })
        .verdict.notice?.event;
    expect(lately(20 * minuteMs)).toBeUndefined();
    expect(lately(36 * minuteMs)).toBe('incident.recovered');
  });

  it('are told beside a gap of the seam, which is another loss', () => {
    const gap = { kind: 'skipped', stream: 'clicks', id: 'shardId-1', from: null, to: null } as const;
    const seams = { 's3://acme-checkpoints/orders': { kind: 'seen', batch: 120, gaps: [gap] } as const };
    const { verdict, aside } = judge({ observation: { seams, losses: losses(lost(5)) } });
    expect(verdict.reason).toBe('positions-skipped');
    expect(aside?.notices).toMatchObject([{ reason: 'records-left-out' }]);
  });
});
