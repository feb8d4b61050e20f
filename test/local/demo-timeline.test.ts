import { expect, it } from 'vitest';
import { lineOfJournal } from '../../src/local/demo/timeline.ts';

const cancelled = (attempt: number) =>
  lineOfJournal({
    t: 0,
    seed: 7,
    kind: 'run-state',
    job: 'iot-ingest',
    jobRunId: '00r1',
    state: 'CANCELLED',
    attempt,
  });

it('tells of a cancel in which attempt it was, where the service had begun another one by itself', () => {
  expect(cancelled(1)?.text).toBe('run 00r1');
  expect(cancelled(2)?.text).toBe('run 00r1 in attempt 2, begun by the service');
});
