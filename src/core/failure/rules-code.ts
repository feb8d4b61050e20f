import type { FailureRule } from './rule.ts';

/** The program and the records it meets: the same batch fails the same way again. */
export const codeRules: readonly FailureRule[] = [
  {
    id: 'record-malformed',
    class: 'bad-data',
    pattern:
      /MALFORMED_(?:RECORD|PROTOBUF|AVRO|CSV|VARIANT)\w{0,40}|malformed (?:\w{1,20} )?(?:records?|messages?|rows?|events?) (?:are|is|was|were) detected|Malformed line in|Unknown magic byte|(?:error|failed|unable|cannot|could not) (?:to )?(?:deserializ|decod|pars)\w{1,5} (?:\w{1,20} )?(?:record|message|payload|event|avro|json|protobuf|value|key|row|line|data|input)|Error deserializing|schema registry header|mapper_parsing_exception|MapperParsingException|Failed merging schema of file|Schema (?:\d{1,9} )?not found; error code: 404|Checksum error: [^\n]{1,300}\.(?:parquet|orc|avro)\b|failed to parse field|parameter values were invalid|cannot be (?:entirely )?null or empty|InvalidProtocolBuffer|UnicodeDecodeError|invalid UTF-?8|invalid byte sequence|not a Parquet file|(?:Avro|Schema)TypeException|missing required field|kafka[\w.]{0,40}\.SerializationException/i,
    examples: [
      'Malformed line in FAILFAST mode: {"a"',
      'the key cannot be entirely null or empty',
      '[MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] Malformed records are detected in record parsing',
    ],
  },
  {
    id: 'value-not-convertible',
    class: 'bad-data',
    pattern:
      /CAST_INVALID_INPUT|CAST_OVERFLOW|CANNOT_PARSE_\w{1,40}|ARITHMETIC_OVERFLOW|DIVIDE_BY_ZERO|NUMERIC_VALUE_OUT_OF_RANGE|value too long|Data ?truncat|[Dd]ata too long|would be truncated|RecordTooLarge|MessageSizeTooLarge|invalid input syntax for|[Oo]ut of range value|numeric field overflow|(?:timestamp|date|value) out of range: |String length exceeds|Incorrect \w{1,20} value|could not be parsed at|Item size has exceeded|Could not convert '[^'\n]{1,80}' with type|schema is not compatible with the table's/,
    examples: [
      '[CAST_INVALID_INPUT] The value \'x\' of the type "STRING" cannot be cast to "INT"',
      'ERROR: timestamp out of range: "5149632-11-07"',
      'Error 1204 while loading: "String length exceeds DDL length"',
    ],
  },
  {
    id: 'row-rejected-by-sink',
    class: 'bad-data',
    pattern:
      /as multiple source rows|MULTIPLE_SOURCE_ROW_MATCHING|MERGE_CARDINALITY_VIOLATION|duplicate key|Duplicate entry|UniqueViolation|unique constraint|not-null constraint|(?:check|foreign key|integrity) constraint|violates [\w-]{1,20} constraint|cannot insert (?:the value )?null|input row cannot be null|ConstraintViolation|cannot affect row a second time|NOT_NULL_\w{0,20}VIOL\w{1,10}|VIOLATE_CONSTRAINT/i,
    examples: [
      "field 'id' of input row cannot be null",
      'cannot perform MERGE as multiple source rows matched',
      'duplicate key value violates unique constraint "pk"',
    ],
  },
  {
    id: 'json-parser',
    class: 'bad-data',
    strength: 'type',
    pattern:
      /JsonParseException|JsonEOFException|MismatchedInputException|MalformedInputException|JsonMappingException|JsonProcessingException|AvroRuntimeException|JSONDecodeError|DateTimeParseException/,
    examples: ["com.fasterxml.jackson.core.JsonParseException: Unexpected character ('1' (code 49))"],
  },
  {
    id: 'query-invalid',
    class: 'user-code-error',
    pattern:
      /must be executed with writeStream|output mode (?:is )?not supported|STREAMING_OUTPUT_MODE|UNRESOLVED_\w{1,40}|TABLE_OR_VIEW_NOT_FOUND|Table or view not found|cannot resolve '|not found in source schema|without equality predicate is not supported|DATATYPE_MISMATCH|PARSE_SYNTAX_ERROR|\bParseException|UNSUPPORTED_STREAMING_\w{1,40}|Schema must be specified when/i,
    examples: [
      'Field total not found in source schema',
      'a join without equality predicate is not supported',
      'Queries with streaming sources must be executed with writeStream.start();',
      '[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `x` cannot be resolved.',
    ],
  },
  {
    id: 'python-error',
    class: 'user-code-error',
    // A traceback ends with its root; these types are never raised by a service.
    pattern:
      /(?<=^|exceptions: |Caused by: )(?:ZeroDivisionError|TypeError|AttributeError|NameError|UnboundLocalError|KeyError|IndexError|ValueError|SyntaxError|IndentationError|RecursionError|NotImplementedError)\b/m,
    general: true,
    examples: [
      'Traceback (most recent call last):\nZeroDivisionError: float division by zero',
      "Job failed. ExitCode: 1. Last few exceptions: NameError: name 'x' is not defined",
    ],
  },
  {
    id: 'not-thread-safe',
    class: 'user-code-error',
    pattern: /not safe for multi-threaded access|Task not serializable|(?<!Un)PicklingError/,
    // What a closure holds says nothing of what the state holds.
    examples: ['ConcurrentModificationException: KafkaConsumer is not safe for multi-threaded access'],
  },
  {
    id: 'shard-end-misread',
    class: 'user-code-error',
    // A fault of the connector at the end of a resharded shard: the next run begins at the child shards.
    action: 'restart',
    pattern: /Sequence number must be numeric[^\n]{0,40}SHARD_END/i,
    examples: ['IllegalArgumentException: Sequence number must be numeric, but was SHARD_END'],
  },
  {
    id: 'error-in-user-function',
    class: 'user-code-error',
    strength: 'type',
    pattern:
      /PythonException|Failed to execute user defined function|inside foreachBatch|FOREACH_BATCH_USER_FUNCTION_ERROR|STATE_STORE_COMMIT_VALIDATION|FAILED_EXECUTE_UDF|SQLSTATE:? 3[89]000|PySpark\w{1,20}Error\b|UDF_USER_CODE_ERROR/i,
    general: true,
    examples: ['Found error inside foreachBatch Python process: Traceback (most recent call last):'],
  },
  {
    id: 'analysis-error',
    class: 'user-code-error',
    strength: 'type',
    pattern: /AnalysisException|SQLSTATE:? 42/,
    examples: ['org.apache.spark.sql.AnalysisException: grouping expressions sequence is empty'],
  },
  {
    id: 'program-error',
    class: 'user-code-error',
    strength: 'type',
    pattern:
      /NullPointerException|ClassCastException|NoSuchElementException|ArithmeticException|IndexOutOfBoundsException|NumberFormatException|MatchError|NegativeArraySizeException|UnsupportedOperationException|NotSerializableException|StackOverflowError|DateTimeException|InputMismatchException|InvocationTargetException|^(?:RuntimeError|AssertionError|Exception): /m,
    // Threads of a stopping driver stumble over what is already gone.
    not: /SparkEnv|because the return value of "org\.apache\.spark/,
    general: true,
    examples: ['java.util.NoSuchElementException: None.get', 'java.lang.NullPointerException'],
  },
  {
    id: 'python-callback-failed',
    class: 'user-code-error',
    strength: 'symptom',
    // Only the wrapper, the traceback is cut off: one restart may show the rest.
    action: 'restart',
    pattern: /exception was raised by the Python Proxy/i,
    examples: ['py4j.Py4JException: An exception was raised by the Python Proxy. Return Message:'],
  },
  {
    id: 'schema-change-asks-for-restart',
    class: 'schema-evolved',
    pattern:
      /DELTA_SCHEMA_CHANGED|DELTA_STREAMING_METADATA_EVOLUTION|Detected (?:incompatible )?schema change|UnknownFieldException|UNKNOWN_FIELD_EXCEPTION|unknown field\(?s?\)? during parsing|(?:schema|metadata)[^\n]{0,100}(?:changed|evolved|updated|refreshed|registered)[^\n]{0,100}(?:restart|retry the (?:query|stream))/i,
    examples: [
      'Detected schema change: streaming source schema changed. Please try restarting the query.',
      'UnknownFieldException: Encountered unknown field(s) during parsing: {"new_column":1}',
    ],
  },
];
