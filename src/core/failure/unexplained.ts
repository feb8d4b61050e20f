import type { Place, TextRecord } from './text.ts';

/** The id that stands for an error whose words no rule knows. */
export const unexplainedError = 'unexplained-error';

interface Said {
  readonly line: string;
  readonly place: Place | undefined;
}

/**
 * The line in which a run tells of its error, in words of its own; nothing where it only says that it failed. The last
 * one counts, and an exception before any other line. A few lines that are no log are a message, whatever its words.
 */
export function unexplainedLine(records: readonly TextRecord[]): Said | undefined {
  const said = records
    .filter(({ loudness }) => loudness === 'loud')
    .flatMap(({ message, messagePlaces }) =>
      message.split('\n').map((line, index): Said => ({ line, place: messagePlaces[index] })),
    )
    .filter(({ line }) => ownWords(line) >= ownWordsMin);
  return (
    said.findLast(({ line }) => namesError(line)) ??
    said.findLast(({ line }) => complaint.test(line)) ??
    (isMessage(records) ? said.at(-1) : undefined)
  );
}

/** What is kept of a failure, and not what a program printed before an end that says nothing. */
function isMessage(records: readonly TextRecord[]): boolean {
  const places = records.flatMap(({ messagePlaces }) => messagePlaces);
  return (
    places.length <= messageLinesMax &&
    places.every(({ source }) => source === 'stateDetails') &&
    records.every(
      ({ loudness, message }) =>
        loudness === 'loud' && message.split('\n').every((line) => ownWords(line) >= ownWordsMin),
    )
  );
}

const messageLinesMax = 3;

/** By the name of an exception, or of a class before a colon, as a program prints what it died of. */
export function namesError(line: string): boolean {
  return exception.test(line);
}

const exception =
  /\b[A-Z]\w{1,80}(?:Exception|Error|Fault|Interrupt|Exit)\b|exceptions?: \S|^(?:Caused by: )?(?:[a-z]\w{0,40}(?:\.\w{1,60}){1,12}|[A-Z][a-z]{1,30}[A-Z]\w{1,60}): /;
const complaint =
  /\b(?:ERROR|FATAL|CRITICAL|SEVERE)\b|\b(?:errors?|fail(?:s|ed|ure)?|refus\w{1,5}|reject\w{1,5}|cannot|can't|could not|unable|not (?:allowed|possible|found)|denied|fatal|panic|abort\w{0,6}|illegal|invalid|mismatch\w{0,3}|missing|unexpected|inconsistent)\b/i;

/** What a stopping driver complains of whatever it died of. */
const lastGasps =
  /AsyncEventQueue|LiveListenerBus|ContextCleaner|Transport(?:Request|Response|Channel|Client)\w{0,12}|\bInbox\b|BlockManager|ShutdownHook|Dispatcher|Uncaught exception in thread|UncaughtExceptionHandler|Ignoring error|already stopped|Could not find CoarseGrainedScheduler|Cannot execute: spark-submit|JVM method execution failed/;

/** Words that are left of a line when those are gone that the end of any run has. */
function ownWords(line: string): number {
  if (lastGasps.test(line)) return 0;
  const said = line
    .replace(/^[\d\s:.,/TZ+[\]-]{6,40}(?:\w{1,8} )?(?:[\w.$]{1,80}: )?/, '')
    .replace(
      /\bQuery [\w.-]{1,120}(?= \[)|\b(?:id|runId) = [\w-]{1,40}|SQLSTATE:? \w{5}|\bEMRServerless\w{1,40}|\bCommit \d{8,20} failed and rolled-back|https?:\/\/[^\s"']{1,400}|\bPy4J\w{1,40}|\bawaitResult\b|\b(?:[\w$]{1,60}\.){2,12}(?=[A-Z])/g,
      ' ',
    );
  const words = said.match(/[A-Za-z][a-z]{1,40}|[A-Z]{2,40}/g) ?? [];
  return new Set(words.map((word) => word.toLowerCase()).filter((word) => !everyEnd.has(word))).size;
}

/** One word may be the name of a step. */
const ownWordsMin = 2;

/** What is said of the end of any run: by the service, by schedulers, by Spark around the cause, and the words between. */
const everyEnd: ReadonlySet<string> = new Set(
  [
    'a an and any as at by for from in is it its of on or the this that to was were with while when not no has have been be',
    'job jobs run runs task tasks stage step query queries stream streaming batch micro execution application app spark py pyspark',
    'driver executor process program command thread main user serverless emr airflow taskinstance operator container client yarn',
    'error errors exception exceptions failure failures failed fail fails failing fatal unexpected unspecified unknown reason reasons',
    'cause caused exit exited code codes status state non zero exits finished terminated terminating termination stopped stop',
    'aborted abort aborting cancelled killed ended due because shut down shutdown hook invoking called calling occurred thrown threw',
    'raised result please see check refer complete logs log details detail uploaded upload cloud watch based monitoring',
    'configuration configured logging destination lost most recent times time last few more info information message diagnostics',
    'attempt attempts retry number null none some something went wrong your you found traceback',
    'org apache java lang scala runtime system dead yarn diagnostics writing bash returned airflow',
  ].flatMap((words) => words.split(' ')),
);
