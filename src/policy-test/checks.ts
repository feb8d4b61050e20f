import { jobNamed, type ResolvedPolicy } from '../core/job.ts';
import { isPlain, valueAt } from '../policy/plain.ts';
import { suggest } from '../policy/suggest.ts';
import { type EventKind, eventKinds, eventSchema } from './event-schema.ts';
import { expectFaults } from './expect-checks.ts';
import { type CasePath, type Fault, hasUnknown, noEffect, type WrittenTest } from './fault.ts';
import { type PolicyTestDocument, policyTestSchema } from './schema.ts';
import { commitFaults, seriesFaults } from './series-checks.ts';

/** What spans several keys of a test. Parts that are wrong by themselves are told by the schema and passed over here. */
export function caseFaults(value: unknown): readonly Fault[] {
  const tests = valueAt(value, ['tests']);
  const step = policyTestSchema.shape.step.safeParse(valueAt(value, ['step']));
  const stepMs = step.success ? step.data : undefined;
  const fixtures = valueAt(value, ['fixtures']);
  const names = isPlain(fixtures) ? Object.keys(fixtures) : [];
  const ofTests = (Array.isArray(tests) ? (tests as unknown[]) : []).flatMap((test, index) => {
    if (!isPlain(test)) return [];
    const at = ['tests', index];
    return [
      ...fixtureFaults(test, names, at),
      ...fleetFaults(test, at),
      ...eventFaults(test, at),
      ...expectFaults(test, stepMs, at),
      ...seriesFaults(test, stepMs, at),
      ...commitFaults(test, fixtures, at),
    ];
  });
  return [...idleKeys(fixtures), ...ofTests];
}

/** Keys of a fixture that no sensor of this version reads. */
const unread = [['run', 'executors']] as const;

function idleKeys(fixtures: unknown): readonly Fault[] {
  if (!isPlain(fixtures)) return [];
  return Object.keys(fixtures).flatMap((name) =>
    unread
      .filter((path) => valueAt(fixtures, [name, ...path]) !== undefined)
      .map((path) => noEffect(['fixtures', name, ...path])),
  );
}

/** Names that the policy does not have. */
export function policyFaults(document: PolicyTestDocument, policy: ResolvedPolicy): readonly Fault[] {
  const jobs = Object.keys(policy.jobs);
  const receivers = policy.receivers?.map(({ name }) => name) ?? ['log'];
  const ofFixtures = Object.entries(document.fixtures).flatMap(([name, { job }]) =>
    jobNamed(policy, job) ? [] : [noName(['fixtures', name, 'job'], 'job of the policies', job, jobs)],
  );
  const ofReceivers = document.tests.flatMap(({ expect }, test) =>
    expect.flatMap(({ notifications }, index) =>
      (notifications?.receivers ?? []).flatMap((name, at) =>
        receivers.includes(name)
          ? []
          : [
              noName(
                ['tests', test, 'expect', index, 'notifications', 'receivers', at],
                'receiver that is told',
                name,
                receivers,
              ),
            ],
      ),
    ),
  );
  const windows = policy.guardrails.windows?.map(({ name }) => name) ?? [];
  const ofWindows = document.tests.flatMap(({ expect }, test) =>
    expect.flatMap((expectation, index) =>
      (['decision', 'never'] as const).flatMap((part) => {
        const name = expectation[part]?.window;
        return name === undefined || windows.includes(name)
          ? []
          : [
              noName(
                ['tests', test, 'expect', index, part, 'window'],
                'window of the guardrails',
                name,
                windows,
              ),
            ];
      }),
    ),
  );
  return [...ofFixtures, ...ofReceivers, ...ofWindows];
}

export function noName(path: CasePath, kind: string, name: string, known: readonly string[]): Fault {
  const meant = suggest(name, known);
  const list = known.length === 0 ? 'there is none' : `there are: ${known.join(', ')}`;
  return {
    code: 'CP2303',
    path,
    message: `no ${kind} is called "${name}"`,
    hint: meant ? `did you mean "${meant}"?` : list,
  };
}

function fixtureFaults(test: WrittenTest, names: readonly string[], at: CasePath): readonly Fault[] {
  const { fixture } = test;
  // A recording brings its own world; that it cannot be replayed is told already.
  if (fixture === undefined && test.recording === undefined)
    return [
      { code: 'CP1005', path: [...at, 'fixture'], message: '"fixture" is missing', hint: listed(names) },
    ];
  return typeof fixture !== 'string' || names.includes(fixture)
    ? []
    : [noName([...at, 'fixture'], 'fixture', fixture, names)];
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'name one of `fixtures`' : `there are: ${names.join(', ')}`;
}

function fleetFaults({ fleet }: WrittenTest, at: CasePath): readonly Fault[] {
  const [jobs, failing] = [valueAt(fleet, ['jobs']), valueAt(fleet, ['failing'])];
  if (typeof jobs !== 'number' || typeof failing !== 'number' || failing <= jobs) return [];
  const message = `${failing} of ${jobs} jobs cannot fail`;
  return [{ code: 'CP1003', path: [...at, 'fleet', 'failing'], message, hint: `at most ${jobs}` }];
}

function eventFaults({ events }: WrittenTest, at: CasePath): readonly Fault[] {
  return (Array.isArray(events) ? (events as unknown[]) : []).flatMap((event, index): readonly Fault[] => {
    if (!isPlain(event)) return [];
    const path = [...at, 'events', index];
    const kinds = Object.keys(event).filter((key): key is EventKind => Object.hasOwn(eventKinds, key));
    const [first, second] = kinds;
    const late: readonly Fault[] =
      event.at === undefined && eventSchema.safeParse({ ...event, at: '0m' }).success
        ? [
            {
              code: 'CP1005',
              path: [...path, 'at'],
              message: '"at" is missing',
              hint: 'events have a time: at: 5m',
            },
          ]
        : [];
    if (first === undefined) {
      // A misspelt kind is told by the schema.
      if (hasUnknown(event, eventSchema.shape)) return late;
      const hint = `an event is one of ${Object.keys(eventKinds).join(', ')}`;
      return [...late, { code: 'CP1005', path, message: 'says not what happens', hint }];
    }
    if (second !== undefined) {
      const message = `both ${kinds.join(' and ')}`;
      const hint = 'an event is one thing; write two events';
      return [...late, { code: 'CP1004', path: [...path, second], on: 'key', message, hint }];
    }
    return [...late, ...emptyFailure(event[first], [...path, first], first)];
  });
}

function emptyFailure(failure: unknown, path: CasePath, kind: string): readonly Fault[] {
  if (kind !== 'run.failed' && kind !== 'attempt.failed') return [];
  const isTold = ['class', 'message', 'log'].some((key) => valueAt(failure, [key]) !== undefined);
  if (isTold || !isPlain(failure) || hasUnknown(failure, eventKinds[kind].unwrap().shape)) return [];
  const hint = 'class: transient-io, or message: "…", or log: "…"';
  return [{ code: 'CP1005', path, on: 'key', message: 'says not why it failed', hint }];
}
