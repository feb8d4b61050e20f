import type { Failure } from '../control/ports.ts';
import { hintOf } from './advice.ts';
import type { AlarmsDone } from './apply-alarms.ts';
import type { PolicyChanges } from './policy-changes.ts';

/** How an apply ended; also its `--json`. Sentences have no full stop. */
export type ApplyEnd = Done | NotDone;

export interface Done {
  readonly kind: 'applied' | 'rolled-back' | 'unchanged' | 'dry-run';
  /** Of the policy that was meant to be in force. */
  readonly hash: string;
  readonly previousHash?: string;
  readonly changes: PolicyChanges;
  /** Only where this policy or the one before has managed alarms; of a dry run what would be done. */
  readonly alarms?: AlarmsDone;
}

export interface NotDone {
  readonly kind: 'refused' | 'conflict' | 'failed';
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

const refused = (message: string, hint = 'Nothing was written'): NotDone => ({
  kind: 'refused',
  message,
  hint,
});

/** The ends that need no more than words. */
export const ends = {
  refused,
  conflict: (): NotDone => ({
    kind: 'conflict',
    message: 'Somebody else changed the policy in force at the same moment, so yours is not in force',
    hint: 'Look at what is there now with --dry-run, then apply again',
  }),
  nothingBefore: () =>
    refused('There is no policy to go back to: none was in force before', 'Apply the files that you want'),
  unasked: (isAlone: boolean) =>
    isAlone
      ? refused('Nobody is there to say yes', 'Say --yes to apply, or --dry-run to look only')
      : refused('You said no'),
  altered: (bucket: string, key: string) =>
    refused(
      `s3://${bucket}/${key} is not what its name says: somebody altered it`,
      'Delete that object and apply again; find out who can write to the bucket',
    ),
  lostBefore: (hash: string, message: string) =>
    refused(
      `Policy ${hash} was in force before, but cannot be read: ${message}`,
      'Apply the files that you want',
    ),
  lost: (hash: string) =>
    refused(
      `Policy ${hash} is in force, but its object in the bucket is gone or altered; the last good one still holds`,
      'Delete the object if it is there, go back with --rollback, then apply again: that writes it anew',
    ),
} as const;

const advice: Readonly<Record<Failure['code'], string>> = {
  'not-found': 'Check the names and the Region: --table, --bucket, --region',
  denied: 'Sign in with a role that may write the policy; only the apply role may',
  throttled: 'Try again in a minute',
  unavailable: 'Try again in a minute; check the network and --endpoint-url',
  malformed: 'Somebody else wrote there; restore the object, or apply the files that you want',
};

/** `isOpen`: the write was sent, so nobody knows yet whether it took effect. */
export function unreachable({ code, message }: Failure, what: string, isOpen = false): NotDone {
  const open = isOpen && code === 'unavailable' ? ', so it is open which policy is in force' : '';
  return {
    kind: 'failed',
    message: `${what}: ${message}${open}`,
    hint: hintOf(message)?.replace(/\.$/, '') ?? advice[code],
  };
}
