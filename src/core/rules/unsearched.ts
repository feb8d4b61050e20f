import type { Concern, NoticeDraft } from '../decision.ts';
import { incidentAfter } from '../incident.ts';
import type { LossBlind } from '../loss-memory.ts';
import type { Incident } from '../memory.ts';
import type { DecideInput, Finding, SafetyRule } from '../rule.ts';

type Spot = keyof LossBlind;

/** What was too large, or came too fast, is told again after this long; what may not be read is told once. */
const againMs = 24 * 3_600_000;

/**
 * Logs that could not be searched for records that were left out, or not to their end. No warning found is then no
 * good news, and people are told so: once for the job, and not for each of its runs; what may not be read at all is one
 * message for all jobs.
 */
export const unsearched: SafetyRule = {
  name: 'unsearched',
  look(input, next): Finding {
    const { memory, observation } = input;
    const { losses: sensor, nowMs } = observation;
    const before = memory.lossBlind ?? {};
    const { unsearched: denied, ...others } = before;
    const isAnswered = sensor?.kind === 'seen' || sensor?.kind === 'none';
    const known: LossBlind = isAnswered ? others : before;
    const isTold = (spot: Spot) => {
      const at = known[spot]?.atMs;
      return at !== undefined && (spot === 'unsearched' || nowMs - at < againMs);
    };
    const spots = spotsOf(input);
    const fresh = Object.entries(spots).filter(([spot]) => !isTold(spot as Spot));
    const blind: LossBlind = {
      ...known,
      ...Object.fromEntries(fresh.map(([spot, why]) => [spot, { atMs: nowMs, why }])),
    };
    const concerns: Concern[] = Object.entries(blind)
      .filter(([spot, { atMs }]) => spot === 'unsearched' || nowMs - atMs < againMs)
      .map(([spot, { why }]) => ({
        rule: 'unsearched',
        reason: 'losses-unknown',
        text: textOf(spot as Spot, why),
      }));
    const isNews = fresh.length > 0 || (isAnswered && denied !== undefined);
    const learned = isNews ? { learned: { lossBlind: blind } } : {};
    if (fresh.length === 0) return { concerns, ...learned };
    const told = fresh.map(([spot, why]) => textOf(spot as Spot, why)).join('; ');
    const isOfDeployment = fresh.every(([spot]) => spot === 'unsearched');
    const more = isOfDeployment ? ' checkpilot status names all jobs of which this is so.' : '';
    return {
      concerns,
      ...learned,
      notice: {
        event: 'incident.updated',
        severity: 'warning',
        text: `${input.job.name}: ${told}. Whether it left records out is not known.${more}`,
        reason: 'losses-unknown',
        // A right that is missing is missing for a thousand jobs: one message, changed in place.
        ...(isOfDeployment ? { thread: 'losses-unknown' } : ofIncident(incidentAfter(memory, next))),
      },
    };
  },
};

function ofIncident(incident: Incident | undefined): Pick<NoticeDraft, 'class' | 'stillNeedsHuman'> {
  return {
    ...(incident?.class ? { class: incident.class } : {}),
    ...(incident?.needsHuman ? { stillNeedsHuman: true } : {}),
  };
}

function spotsOf({ observation: { losses: sensor } }: DecideInput): Partial<Record<Spot, string>> {
  if (!sensor) return {};
  const { skipped = [] } = sensor;
  return {
    ...(sensor.kind === 'unknown' && sensor.isGivenUp ? { unsearched: sensor.why } : {}),
    ...(sensor.kind === 'seen' && sensor.cut !== undefined ? { cut: sensor.cut } : {}),
    ...(skipped.length > 0 ? { skipped: skipped.join(', ') } : {}),
  };
}

function textOf(spot: Spot, why: string): string {
  switch (spot) {
    case 'unsearched':
      return `its logs could not be searched for records that were left out (${why})`;
    case 'cut':
      return `a log is too large to be searched whole for records that were left out: ${why} was not read`;
    case 'skipped':
      return `runs ended faster than their logs could be searched for records that were left out: not those of ${why}`;
  }
}
