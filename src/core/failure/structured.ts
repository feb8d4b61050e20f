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
  const exception = objectOf(record.exception) ?? objectOf(record.error);
  if (message === undefined && !exception) return [line];
  const level = textOf(record, ['level', 'severity', 'log_level'])?.toUpperCase();
  const name = level === undefined ? textOf(record, ['type', 'class']) : undefined;
  const head =
    level === undefined
      ? [name, message].filter((part) => part !== undefined).join(': ')
      : `${level} ${textOf(record, ['logger']) ?? ''}: ${message ?? ''}`;
  return [
    ...head.split('\n'),
    ...exceptionLines(exception),
    ...causeLines(record.cause),
    ...stackLines(record),
  ];
}

function exceptionLines(exception: Fields | undefined): readonly string[] {
  if (!exception) return [];
  return [...ownLines(exception), ...causeLines(exception.cause)];
}

function ownLines(exception: Fields): readonly string[] {
  const name = textOf(exception, ['class', 'type', 'name']);
  const message = textOf(exception, ['msg', 'message', 'reason']);
  const head = [name, message].filter((part) => part !== undefined).join(': ');
  return [...head.split('\n'), ...frameLines(exception.stacktrace)];
}

function causeLines(outermost: unknown): readonly string[] {
  const lines: string[] = [];
  // Not by recursion: a text may nest as deep as it is long.
  for (let cause = objectOf(outermost); cause; cause = objectOf(cause.cause)) {
    const [first = '', ...rest] = ownLines(cause);
    lines.push(`Caused by: ${first}`, ...rest);
  }
  return lines;
}

function frameLines(stacktrace: unknown): readonly string[] {
  if (typeof stacktrace === 'string') return stacktrace.split('\n');
  const frames = Array.isArray(stacktrace) ? stacktrace.map(objectOf) : [];
  return frames.flatMap((frame) =>
    frame ? [`\tat ${frame.class}.${frame.method}(${frame.file}:${frame.line})`] : [],
  );
}

/** Where loggers put a trace, or what was caught, as one text. */
const traceFields = [
  ...['stack_trace', 'stackTrace', 'throwable', 'exception', 'exc_info', 'traceback'],
  ...['error', 'cause', 'error.message', 'error.stack_trace'],
];

function stackLines(record: Fields): readonly string[] {
  return traceFields.flatMap((name) =>
    (textOf(record, [name]) ?? '').split('\n').filter((text) => text !== ''),
  );
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
