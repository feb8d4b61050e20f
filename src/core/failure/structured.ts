/** Whether a line looks like one log record as JSON, as Spark 4 and log collectors write them. */
export function isRecordOf(line: string): boolean {
  return /^\s{0,8}\{\s{0,8}"/.test(line) && /\}\s{0,8}$/.test(line);
}

/**
 * A JSON log record as the lines of a plain log: level, logger and message, then the exception with its frames. A line
 * that is no such record is given back as it is.
 */
export function logRecordLines(line: string): readonly string[] {
  const record = parsed(line);
  if (!record) return [line];
  const message = textOf(record, ['msg', 'message', 'log', '@message']);
  const exception = objectOf(record.exception);
  if (message === undefined && !exception) return [line];
  const level = textOf(record, ['level', 'severity', 'log_level'])?.toUpperCase();
  const head =
    level === undefined ? (message ?? '') : `${level} ${textOf(record, ['logger']) ?? ''}: ${message ?? ''}`;
  return [...head.split('\n'), ...exceptionLines(exception), ...stackLines(record)];
}

function exceptionLines(exception: Fields | undefined): readonly string[] {
  if (!exception) return [];
  const head = [textOf(exception, ['class']), textOf(exception, ['msg', 'message'])].filter(
    (part) => part !== undefined,
  );
  const { stacktrace } = exception;
  if (typeof stacktrace === 'string') return [...head.join(': ').split('\n'), ...stacktrace.split('\n')];
  const frames = Array.isArray(stacktrace) ? stacktrace.map(objectOf) : [];
  return [
    ...head.join(': ').split('\n'),
    ...frames.flatMap((frame) =>
      frame ? [`\tat ${frame.class}.${frame.method}(${frame.file}:${frame.line})`] : [],
    ),
  ];
}

function stackLines(record: Fields): readonly string[] {
  return (textOf(record, ['stack_trace', 'stackTrace', 'throwable']) ?? '')
    .split('\n')
    .filter((text) => text !== '');
}

type Fields = Readonly<Record<string, unknown>>;

function parsed(line: string): Fields | undefined {
  try {
    return objectOf(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** The first of these fields that holds a text. */
function textOf(fields: Fields, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}
