import { describe, expect, it } from 'vitest';
import type { Loss } from '../../src/core/losses.ts';
import { lossMark } from '../../src/core/losses.ts';
import type { JobMemory } from '../../src/core/memory.ts';
import type { LossSensor } from '../../src/core/observation.ts';
import { aJob, ended, hourMs, judge, minuteMs, nowMs, texts } from '../support/build.ts';

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

  it('of an end that is parked for just that are told by the park alone', () => {
    const run = ended(texts.dataLost);
    const { kind, aside } = judge({ observation: { run, losses: losses(lost(5)) } });
    expect(kind).toBe('park');
    expect(aside?.notices).toBeUndefined();
    expect(aside?.learned?.losses?.told).toEqual([lossMark(lost(5))]);
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
