import type { Random as Draw, Ids } from '../../control/ports.ts';
import type { ResolvedPolicy } from '../../core/job.ts';
import type { CheckpointLedger } from '../checkpoint-ledger.ts';
import type { InMemoryJobStore } from '../in-memory-job-store.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { World } from '../world.ts';
import type { WorldJobRuns } from '../world-ports.ts';
import type { Faults } from './faults.ts';
import type { Functions } from './functions.ts';
import type { StateHistory } from './state-history.ts';
import type { Switches } from './switches.ts';
import type { Watch } from './watch.ts';

/** Everything of one schedule in one place; made by `runSchedule`. */
export interface Site {
  readonly time: VirtualTime;
  readonly world: World;
  readonly runs: WorldJobRuns;
  readonly store: InMemoryJobStore;
  readonly checkpoints: CheckpointLedger;
  readonly faults: Faults;
  readonly history: StateHistory;
  readonly switches: Switches;
  readonly watch: Watch;
  readonly functions: Functions;
  readonly ids: Ids;
  readonly draw: Draw;
  policy: { readonly policy: ResolvedPolicy; readonly hash: string };
}

/** The role whose runs are Checkpilot's; people have other names. */
export const ourRole = 'checkpilot-reconcile';
export const ourArn = `arn:aws:sts::111122223333:assumed-role/${ourRole}/reconcile`;
