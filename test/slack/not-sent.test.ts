import { describe, expect, it } from 'vitest';
import type { ResolvedJob } from '../../src/core/job.ts';
import { incidentMessage, stepLine } from '../../src/slack/incident-message.ts';
import type { JobBehaviour } from '../../src/world/job-script.ts';
import { ended, judge } from '../support/build.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';
import { notice } from './support.ts';

/** What people are told of one job within some hours. */
async function toldOf(script: JobBehaviour, job: Partial<ResolvedJob> = {}, hours = 3) {
  const fleet = testFleet({ jobs: { orders: { script, job } } });
  fleet.startSweeping();
  await fleet.runFor(hours * hourMs);
  return { fleet, events: fleet.notices.map(({ event }) => event) };
}

const diesOnce = { dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs, times: 1 }] } as const;

describe('people are not told', () => {
  it('that all is well', async () => {
    expect((await toldOf({})).events).toEqual([]);
  });

  it("of the service's own attempts inside a run", async () => {
    const launch = testFleet({ jobs: { orders: {} } }).policy.jobs.orders?.launch;
    if (!launch) throw new Error('the test job has no launch');
    const retried = { launch: { ...launch, retryPolicy: { maxFailedAttemptsPerHour: 3 } } };
    const { fleet, events } = await toldOf(diesOnce, retried);
    expect(fleet.world.journal.ofKind('attempt-failed')).toHaveLength(1);
    expect(fleet.world.journal.ofKind('start-accepted')).toHaveLength(1);
    expect(events).toEqual([]);
  });

  it('of decisions in mode observe, one by one, nor of the recovery of what was not announced', async () => {
    const fleet = testFleet({ jobs: { orders: { script: diesOnce, job: { mode: 'observe' } } } });
    const request = fleet.policy.jobs.orders?.launch as never as object;
    const personStarts = (clientToken: string) =>
      fleet.world.emr.startJobRun({ ...request, clientToken } as never, {
        arn: 'arn:aws:iam::111122223333:user/ana',
      });
    fleet.startSweeping();
    personStarts('one');
    await fleet.runFor(hourMs);
    expect(fleet.world.journal.ofKind('run-state').map(({ state }) => state)).toContain('FAILED');
    personStarts('two');
    await fleet.runFor(2 * hourMs);
    // A run that is taken over is told of, in every mode: it changes who watches it.
    expect([...new Set(fleet.notices.map(({ event }) => event))]).toEqual(['run.adopted']);
  });

  it('the same state twice, however often it is judged', async () => {
    const diesAlways = { dieAt: [{ cause: 'user-code-error', atMs: startMs + 20 * minuteMs }] } as const;
    const { events } = await toldOf(diesAlways, {}, 12);
    expect(events).toEqual(['incident.needs-human']);
  });

  it('a stack trace, where it happened in the account, or a name that pings a channel', () => {
    const trace = [
      'ExitCode: 1. Last few exceptions: org.apache.spark.SparkException: cannot read s3://acme-secret/orders/part-0',
      '\tat org.apache.spark.sql.Dataset.collect(Dataset.scala:3585)',
      '\tat com.acme.Orders.main(Orders.scala:17) role arn:aws:iam::111122223333:role/orders of 111122223333 <!here> <!channel>',
    ].join('\n');
    const decision = judge({ observation: { run: ended(trace) } });
    const draft = decision.verdict.notice ?? expect.fail('nothing is told');
    const one = { ...notice(draft.event), ...draft };
    const said = JSON.stringify([
      incidentMessage({ notice: one, decision, where: { policy: 'demo', region: 'us-east-1' } }),
      stepLine(one),
    ]);
    for (const hidden of [
      'acme-secret',
      '111122223333',
      'role/orders',
      'Orders.scala:17',
      '<!here>',
      '<!channel>',
    ])
      expect(said).not.toContain(hidden);
  });
});
