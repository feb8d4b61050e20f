import { expect, it } from 'vitest';
import { applicationId, hourMs, startMs, testFleet, testJob } from '../support/fleet.ts';

/** The calls of these are counted: those that a quota or a bill hangs on. The sweep lists runs on its own. */
const counted = ['runs', 'applications', 'checkpoints', 'logs', 'streams', 'retentions'] as const;

it('each decision makes the calls that the table of docs/architecture.md says, and no other', async () => {
  const { launch } = testJob('orders', applicationId);
  if (!launch) throw new Error('the job of these tests has a launch request');
  const s3MonitoringConfiguration = { logUri: 's3://acme-checkpoints/logs/' };
  const configurationOverrides = { monitoringConfiguration: { s3MonitoringConfiguration } };
  const dieAt = [{ cause: 'worker-lost' as const, atMs: startMs + hourMs }];
  const fleet = testFleet({
    jobs: { orders: { job: { launch: { ...launch, configurationOverrides } }, script: { dieAt } } },
  });
  const calls = new Map<string, number>();
  const watched = <T extends object>(port: T, name: string): T =>
    new Proxy(port, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => {
          const call = `${name}.${String(key)}`;
          if (call !== 'runs.list') calls.set(call, (calls.get(call) ?? 0) + 1);
          return Reflect.apply(value, target, given);
        };
      },
    });
  const { ports } = fleet;
  fleet.ports = {
    ...ports,
    ...Object.fromEntries(counted.map((name) => [name, watched(ports[name], name)])),
  };
  const seen: { readonly atMs: number; readonly reason: string; readonly made: string }[] = [];
  fleet.onOutcome = ({ atMs, report }) => {
    const made = [...calls].map(([call, times]) => `${times} ${call}`).sort();
    calls.clear();
    seen.push({ atMs, reason: report.decision?.reason ?? report.outcome, made: made.join(', ') });
  };
  fleet.startSweeping();
  await fleet.runFor(2 * hourMs);

  const look = '1 checkpoints.head, 1 runs.get';
  const healthy = seen.filter(({ reason }) => reason === 'run-healthy').map(({ made }) => made);
  // A calm look; one that searches the logs; after a start the seam, and the logs of the run that ended.
  expect([...new Set(healthy)].sort()).toEqual(
    [
      look,
      '1 checkpoints.head, 1 checkpoints.seam, 1 logs.search, 2 runs.get',
      '1 checkpoints.head, 1 logs.search, 1 runs.get',
    ].sort(),
  );
  const searches = healthy.filter((made) => made.includes('logs.search')).length;
  expect(searches).toBeLessThanOrEqual(2 * 4 + 2);

  const [judged, claimed] = seen.filter(({ reason }) => reason === 'job-run-failed').map(({ made }) => made);
  expect(judged).toBe(
    '1 checkpoints.head, 1 checkpoints.inspect, 1 logs.read, 1 logs.readExecutor, 1 runs.get',
  );
  expect(claimed).toBe(
    '1 applications.limits, 1 checkpoints.head, 1 checkpoints.inspect, 1 runs.get, 1 runs.start',
  );
});
