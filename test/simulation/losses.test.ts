import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Fleet } from '../../src/world/fleet.ts';
import { applicationId, hourMs, minuteMs, startMs, testFleet, testJob } from '../support/fleet.ts';

const warning = (from: number, to: number) =>
  `26/11/22 20:40:00 WARN KafkaDataConsumer:
The current available offset range is AvailableOffsetRange(${to},9000).
 Offset ${from} is out of range, and records in [${from}, ${to}) will be
 skipped (GroupId: spark-kafka-source-1, TopicPartition: clicks-3).
Some data may have been lost because they are not available in Kafka any more; either the
`;

/** A job whose logs go to S3. */
function logged(script: NonNullable<Parameters<typeof testFleet>[0]['jobs'][string]['script']> = {}): Fleet {
  const { launch } = testJob('orders', applicationId);
  if (!launch) throw new Error('the job of these tests has a launch request');
  const s3MonitoringConfiguration = { logUri: 's3://acme-checkpoints/logs/' };
  const configurationOverrides = { monitoringConfiguration: { s3MonitoringConfiguration } };
  return testFleet({ jobs: { orders: { job: { launch: { ...launch, configurationOverrides } }, script } } });
}

/** What an executor of the newest run has written by now, uploaded. */
function uploads(fleet: Fleet, text: string): void {
  const jobRunId = fleet.world.journal.ofKind('start-accepted').at(-1)?.jobRunId;
  const key = `acme-checkpoints/logs/applications/${applicationId}/jobs/${jobRunId}/SPARK_EXECUTOR/2/stderr.gz`;
  fleet.objects.put(key, gzipSync(text), 'world');
}

const told = (fleet: Fleet) =>
  fleet.notices.map(({ event, text }) => [event, /offsets (\d+ to \d+)/.exec(text)?.[1]]);

function counted(fleet: Fleet): { searches: number } {
  const count = { searches: 0 };
  const { logs } = fleet.ports;
  fleet.ports = {
    ...fleet.ports,
    logs: {
      ...logs,
      search: (...args) => {
        count.searches += 1;
        return logs.search(...args);
      },
    },
  };
  return count;
}

describe('a job that leaves records out and goes on', () => {
  it('calls a person once, tells each range once, and is well again when nothing more is lost', async () => {
    const fleet = logged();
    fleet.startSweeping();
    await fleet.runFor(40 * minuteMs);
    uploads(fleet, warning(120, 500));
    await fleet.runFor(30 * minuteMs);
    expect(told(fleet)).toEqual([['incident.needs-human', '120 to 500']]);
    uploads(fleet, warning(120, 500) + warning(500, 700));
    await fleet.runFor(20 * minuteMs);
    expect(told(fleet).slice(1)).toEqual([['incident.updated', '500 to 700']]);
    await fleet.runFor(2 * hourMs);
    expect(told(fleet).slice(2)).toEqual([['incident.recovered', undefined]]);
    // Whatever is lost, stopping mends nothing.
    expect(fleet.world.journal.ofKind('cancel-accepted')).toEqual([]);
    expect(fleet.world.journal.ofKind('start-accepted')).toHaveLength(1);
  });

  it('is searched four times an hour at most', async () => {
    const fleet = logged();
    const count = counted(fleet);
    fleet.startSweeping();
    await fleet.runFor(10 * hourMs);
    expect(count.searches).toBeGreaterThan(30);
    expect(count.searches).toBeLessThanOrEqual(41);
  });

  it('is found out when its run is cancelled by a person', async () => {
    const fleet = logged();
    fleet.startSweeping();
    await fleet.runFor(40 * minuteMs);
    const jobRunId = fleet.world.journal.ofKind('start-accepted').at(-1)?.jobRunId ?? '';
    fleet.world.emr.cancelJobRun(applicationId, jobRunId, { arn: 'arn:aws:iam::111122223333:user/ann' }, 15);
    await fleet.runFor(2 * minuteMs);
    uploads(fleet, warning(1, 2));
    await fleet.runFor(30 * minuteMs);
    expect(told(fleet)).toEqual([
      ['run.stopped-by-person', undefined],
      ['incident.needs-human', '1 to 2'],
    ]);
  });

  it('is found out of a run that died, although another has taken its place', async () => {
    const fleet = logged({ dieAt: [{ cause: 'worker-lost', atMs: startMs + 40 * minuteMs }] });
    fleet.startSweeping();
    fleet.world.journal.onEntry(({ kind, state }) => {
      if (kind === 'run-state' && state === 'FAILED') uploads(fleet, warning(8, 9));
    });
    await fleet.runFor(2 * hourMs);
    expect(told(fleet)).toContainEqual(['incident.needs-human', '8 to 9']);
    expect(fleet.world.journal.ofKind('start-accepted')).toHaveLength(2);
  });

  it('whose logs go nowhere is asked for them once an hour', async () => {
    const fleet = testFleet({ jobs: { orders: {} } });
    const count = counted(fleet);
    fleet.startSweeping();
    await fleet.runFor(10 * hourMs);
    expect(count.searches).toBeLessThanOrEqual(11);
    expect(fleet.notices).toEqual([]);
  });
});
