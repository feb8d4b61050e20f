import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJobRunEvent } from '../../src/events/job-run-event.ts';

/** The samples of the EMR Serverless User Guide, "Automating EMR Serverless with Amazon EventBridge". */
function documented(name: string): Record<string, unknown> & { detail: Record<string, unknown> } {
  return JSON.parse(readFileSync(new URL(`../fixtures/events/${name}.json`, import.meta.url), 'utf8'));
}

const run = { kind: 'run', applicationId: '00f1982r1uukb925', jobRunId: '00f1cbn5g4bb0c01' };

describe('an EMR Serverless event', () => {
  it('is a hint to look at its run, whatever its state says', () => {
    const parsed = parseJobRunEvent(documented('job-run-state-change'));
    expect(parsed).toEqual({
      ok: true,
      value: {
        wake: { ...run, cause: 'event RUNNING' },
        applicationId: run.applicationId,
        what: 'RUNNING',
        account: '123456789012',
        region: 'us-east-1',
      },
    });
  });

  it('may be a retry of the service, which names the new attempt', () => {
    const parsed = parseJobRunEvent(documented('job-run-retry'));
    expect(parsed.ok && parsed.value.wake).toEqual({ ...run, cause: 'event attempt 2' });
  });

  it('wakes the job for a state that did not exist when this was written', () => {
    const event = documented('job-run-state-change');
    const parsed = parseJobRunEvent({ ...event, detail: { ...event.detail, state: 'HIBERNATING' } });
    expect(parsed.ok && parsed.value.wake?.cause).toBe('event HIBERNATING');
  });

  it('may be the account of resources, which comes once more at the end of a run', () => {
    const parsed = parseJobRunEvent(documented('job-resource-utilization-update'));
    expect(parsed.ok && parsed.value.wake).toEqual({ ...run, cause: 'event utilization' });
  });

  it('about an application is understood and wakes nobody', () => {
    const parsed = parseJobRunEvent(documented('application-state-change'));
    expect(parsed).toMatchObject({
      ok: true,
      value: { applicationId: '00f1cbsc6anuij25', what: 'CREATING' },
    });
    expect(parsed.ok && parsed.value.wake).toBeUndefined();
  });

  it('of a kind that nobody foresaw says which kinds are known', () => {
    const event = { ...documented('job-run-state-change'), 'detail-type': 'EMR Serverless Job Run Dance' };
    expect(parseJobRunEvent(event)).toMatchObject({
      ok: false,
      message: expect.stringContaining('detail-type'),
    });
  });

  it('without ids names every field that is missing and quotes what came', () => {
    const event = documented('job-run-state-change');
    const parsed = parseJobRunEvent({ ...event, detail: { state: 'FAILED' } });
    expect(parsed.ok ? '' : parsed.message).toMatch(
      /detail\.jobRunId: .*detail\.applicationId: .*It was: \{"version"/,
    );
  });

  it('never makes the parser throw, and never passes an id that could break a key', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string(), (anything, id) => {
        expect(parseJobRunEvent(anything).ok).toBe(false);
        const event = documented('job-run-state-change');
        const parsed = parseJobRunEvent({ ...event, detail: { ...event.detail, jobRunId: id } });
        expect(parsed.ok).toBe(/^[0-9a-z]{1,64}$/.test(id));
      }),
    );
  });
});
