/** One line of `--calls FILE`. */
type Call = Readonly<Record<string, unknown>>;

const text = (value: unknown) => typeof value === 'string' && value !== '';
const count = (value: unknown) => Number.isInteger(value) && Number(value) >= 0;
const yesOrNo = (value: unknown) => typeof value === 'boolean';
const causes: readonly unknown[] = ['launch', 'restart', 'refit', 'upgrade', 'operator', undefined];
const limits = (value: unknown) => {
  const { perHour, perDay } = (value ?? {}) as Record<string, unknown>;
  return count(perHour) && count(perDay);
};

const ofRun = { job: text, checkpoint: text, jobRunId: text };

/** What whoever reads the file may rely on, by kind; further fields and kinds may be there. */
const fields: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  policy: {
    job: text,
    checkpoint: text,
    budget: limits,
    mode: (value) => ['observe', 'suggest', 'act'].includes(String(value)),
  },
  'start-accepted': { ...ofRun, clientToken: text, cause: (value) => causes.includes(value) },
  'start-replayed': { ...ofRun, clientToken: text },
  'run-state': { ...ofRun, state: text },
  'cancel-accepted': ofRun,
  'retention-changed': { stream: text, from: count, to: count },
  'batch-committed': { ...ofRun, batch: count },
  'records-lost': { ...ofRun, count },
  'attempt-failed': { ...ofRun, class: text },
  control: { killSwitch: yesOrNo, pause: (value) => value === null || count(value) },
  notice: { job: text, event: text, newPost: yesOrNo },
};

export function callsIn(file: string): Call[] {
  return file
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Call);
}

/** Lines that lack what their kind promises, or come before the one above them. */
export function callFaults(calls: readonly Call[]): string[] {
  return calls.flatMap((call, index) => {
    const wanted = { t: count, seed: (value: unknown) => value !== undefined, ...fields[String(call.kind)] };
    const faults = Object.entries(wanted).flatMap(([name, isRight]) =>
      isRight(call[name])
        ? []
        : [`line ${index + 1}, ${call.kind}: ${name} is ${JSON.stringify(call[name])}`],
    );
    const isLate = index > 0 && Number(call.t) < Number(calls[index - 1]?.t);
    return isLate ? [...faults, `line ${index + 1}, ${call.kind}: earlier than the line above`] : faults;
  });
}
