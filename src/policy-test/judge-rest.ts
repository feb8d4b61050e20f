import type { Expectation, NextExpectation, NoticeExpectation, StatusExpectation } from './expect-schema.ts';
import { bounded, type Difference } from './facts.ts';
import type { Snapshot } from './play.ts';
import type { CallMade } from './scripted-runs.ts';
import type { Told } from './stage.ts';

export function writeDifferences(
  expected: NonNullable<Expectation['writes']>,
  calls: readonly CallMade[],
): readonly Difference[] {
  return Object.entries(expected).flatMap(([name, count]) => {
    const made = calls.filter((call) => call.name === name).length;
    if (count === undefined || made === count) return [];
    return [{ field: `writes.${name}`, expected: `${count}`, actual: `${made}` }];
  });
}

export function noticeDifferences(expected: NoticeExpectation, told: readonly Told[]): readonly Difference[] {
  const { count, receivers = [], contains = [] } = expected;
  const fitting = told.filter(
    ({ notice }) =>
      (['event', 'severity', 'class', 'reason'] as const).every(
        (field) => expected[field] === undefined || notice[field] === expected[field],
      ) && contains.every((part) => notice.text.includes(part)),
  );
  // A notice that two receivers have is one notice.
  const notices = new Set(fitting.map(({ notice }) => notice.id)).size;
  const isRight = count === undefined ? notices > 0 : notices === count;
  const wrong = isRight
    ? []
    : [
        {
          field: 'notifications.count',
          expected: count === undefined ? 'at least 1' : `${count}`,
          actual: `${notices}${othersText(told, notices)}`,
        },
      ];
  const missed = receivers.filter((name) => !fitting.some(({ receiver }) => receiver === name));
  const reached = [...new Set(fitting.map(({ receiver }) => receiver))].join(', ');
  return [
    ...wrong,
    ...missed.map((name) => ({
      field: 'notifications.receivers',
      expected: name,
      actual: reached === '' ? 'nobody' : reached,
    })),
  ];
}

function othersText(told: readonly Told[], fitting: number): string {
  if (told.length === 0 || fitting > 0) return '';
  const kinds = [...new Set(told.map(({ notice }) => `${notice.event} (${notice.severity})`))];
  return `; told were ${kinds.join(', ')}`;
}

/** Of several jobs, the one that fits best counts. */
export function statusDifferences(
  expected: StatusExpectation,
  snapshots: readonly Snapshot[],
): readonly Difference[] {
  return best(snapshots, (snapshot) => ofStatus(expected, snapshot));
}

export function nextDifferences(
  expected: NextExpectation,
  snapshots: readonly Snapshot[],
): readonly Difference[] {
  return best(snapshots, ({ status, atMs }) => {
    const missed = (expected.contains ?? []).filter((part) => !status.next.includes(part));
    const texts = missed.map((part) => ({
      field: 'next',
      expected: `contains "${part}"`,
      actual: status.next,
    }));
    if (!expected.in) return texts;
    const { nextAtMs } = status;
    if (nextAtMs === undefined)
      return [...texts, { field: 'next.in', expected: 'a time', actual: `none: ${status.next}` }];
    return [...texts, ...bounded('next.in', expected.in, nextAtMs - atMs)];
  });
}

function ofStatus(expected: StatusExpectation, { status, memory }: Snapshot): readonly Difference[] {
  const pairs: readonly (readonly [string, string | number | undefined, string | number])[] = [
    ['state', expected.state, status.state],
    ['streak', expected.streak, status.streak],
    ['budgetUsed.perHour', expected.budgetUsed?.perHour, status.restarts.hour],
    ['budgetUsed.perDay', expected.budgetUsed?.perDay, status.restarts.day],
    ['parked', expected.parked, memory.parked?.reason ?? 'none'],
    ['desired', expected.desired, memory.desired],
    ['incident', expected.incident, memory.incident ? (memory.incident.class ?? 'unknown') : 'none'],
  ];
  return pairs.flatMap(([name, wanted, actual]) =>
    wanted === undefined || wanted === actual
      ? []
      : [{ field: `status.${name}`, expected: `${wanted}`, actual: `${actual}` }],
  );
}

function best(
  snapshots: readonly Snapshot[],
  compare: (snapshot: Snapshot) => readonly Difference[],
): readonly Difference[] {
  const [first, ...others] = snapshots.map(compare);
  if (!first) return [{ field: 'status', expected: 'a job', actual: 'no pass has looked at one' }];
  return others.reduce((least, each) => (each.length < least.length ? each : least), first);
}
