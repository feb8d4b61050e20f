import type { Decision } from '../core/decision.ts';
import type { Notice, OwnEvent } from './ports.ts';

/** The event of a decision: what was decided for which job and why, without the observation it was made from. */
export function decisionEvent(decision: Decision): OwnEvent {
  const { id, job, atMs, kind, reason, guard, verdict, observation } = decision;
  return {
    type: 'Decision Made',
    atMs,
    detail: {
      eventId: id,
      decisionId: id,
      job,
      kind,
      reason,
      outcome: guard.kind,
      ...(guard.kind === 'done' ? {} : { withheldBecause: guard.why }),
      ...(verdict.judgement ? { failureClass: verdict.judgement.class } : {}),
      ...(verdict.untilMs === undefined ? {} : { until: new Date(verdict.untilMs).toISOString() }),
      ...(observation.run.kind === 'seen'
        ? { jobRunId: observation.run.run.jobRunId, jobRunState: observation.run.run.state }
        : {}),
    },
  };
}

/** The event of a notice: the same that people are told. */
export function noticeEvent(notice: Notice): OwnEvent {
  const { id, job, decisionId, incidentId, atMs, event, severity, text, reason } = notice;
  return {
    type: typeOf(notice),
    atMs,
    detail: {
      eventId: id,
      notice: event,
      severity,
      text,
      // `*` stands for the fleet in our own items; nobody outside needs to know that.
      ...(job === '*' ? {} : { job }),
      ...(decisionId === '' ? {} : { decisionId }),
      ...(incidentId === undefined ? {} : { incidentId, needsHuman: event === 'incident.needs-human' }),
      ...(reason === undefined ? {} : { reason }),
      ...(notice.class === undefined ? {} : { failureClass: notice.class }),
      ...(notice.approval === undefined ? {} : { plan: planOf(notice.approval) }),
    },
  };
}

function planOf({ hash, action, state, expiresAtMs }: NonNullable<Notice['approval']>) {
  return { hash, action, state, expires: new Date(expiresAtMs).toISOString() };
}

function typeOf({ event, incidentId, opens }: Notice): OwnEvent['type'] {
  if (incidentId === undefined) return 'Notice';
  if (event === 'incident.recovered' || event === 'run.stopped-by-person') return 'Incident Closed';
  return opens ? 'Incident Opened' : 'Incident Updated';
}
