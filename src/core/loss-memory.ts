/** What people were told of records that the logs of a job say were left out. */
export interface LossMemory {
  /** Marks of what people were told. */
  readonly told: readonly string[];
  readonly atMs: number;
  /** When more were met than can be told one by one. */
  readonly metAtMs?: number;
  readonly incidentId: string;
}

/** `unsearched` lasts until a search is answered, the others a day. */
export type LossBlind = Readonly<Partial<Record<'unsearched' | 'cut' | 'skipped', BlindSpot>>>;

export interface BlindSpot {
  readonly atMs: number;
  readonly why: string;
}

/** How far the logs of a run were searched for that. */
export interface LossLook {
  readonly jobRunId: string;
  readonly applicationId: string;
  /** The attempt whose logs were searched last, or are next. */
  readonly attempt: number;
  readonly atMs: number;
  /** When the run ended, once that was seen. */
  readonly endedAtMs?: number;
  /** What was written by then has been searched, by the clock of the place where it lies. */
  readonly throughMs?: number;
  /** More was written than one search reads, and this is left. */
  readonly rest?: SearchRest;
  /** Since when no search of it was answered, or nothing was there. */
  readonly failingSinceMs?: number;
  /** Its logs go to no place that can be read. */
  readonly isNowhere?: true;
  /** The run had ended, and all that it wrote was searched as far as that can be. */
  readonly isLast?: true;
  /** Runs before it whose last words are not searched yet, the oldest first. */
  readonly owed?: readonly LossLook[];
}

export interface SearchRest {
  /** Where the search stopped, in words of the place that was searched. */
  readonly mark: string;
  /** When the first search of this stretch began: what is written later is searched after it. */
  readonly beganMs: number;
}
