import { problemKinds } from '../../src/checkpoint/problem.ts';
import { table } from './regions.ts';

/** Every fault of a checkpoint, what Spark does then, how that is known, and how to mend it. */
export function checkpointProblemsTable(): string {
  const rows = Object.entries(problemKinds).map(([code, { weight, spark, known, mend }]) => [
    `\`${code}\``,
    weight,
    spark,
    known,
    mend,
  ]);
  return table(['code', 'weight', 'what Spark does', 'known by', 'to mend it'], rows);
}
