import type { FailureRule } from './rule.ts';

/** Rights, dependencies, resources and settings: nothing here heals by trying again. */
export const setupRules: readonly FailureRule[] = [
  {
    id: 'action-not-authorized',
    class: 'permission-denied',
    pattern:
      /not authorized to|AccessDenied(?![\s\S]{0,1200}(?:ExpiredToken|TokenExpired))|access (?:is )?denied|AuthorizationException|AccessControlException|Permission denied|UnauthorizedOperation|Insufficient (?:Lake Formation )?(?:permission|privilege)|(?:Status|Response) Code: 40[13]\b|\bHTTP(?:\/1\.1)? 40[13]\b|\b40[13] (?:Forbidden|Unauthorized)|(?:does not|doesn't|do not|lacks?) (?:have )?(?:the |any )?(?:required |necessary |sufficient |\w{1,20} )?(?:permission|privilege|access right)s?\b|\bno permissions? (?:for|to|on)\b|\bsecurity_exception\b|explicit deny|lacks? [\w:* ]{1,60}permission|\(40[13]\) when calling/i,
    // Kafka's own name for a failed login that never reached a verdict; the next rule judges it.
    not: /Too many connects|ExpiredToken|(?:is|has) expired/i,
    examples: [
      'HTTP Response code: 403',
      'User: arn:aws:sts::1:assumed-role/r is not authorized to perform: glue:GetTable',
      'SaslAuthenticationFailedError: [cc8333d3]: Access denied',
      'security_exception: this role has no permission for indices:write',
      'AmazonS3Exception: Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied)',
    ],
  },
  {
    id: 'key-not-usable',
    class: 'permission-denied',
    pattern:
      /KMS(?:AccessDenied|Disabled|InvalidState|NotFound|OptInRequired)|KMS\.(?:model\.)?(?:Disabled|NotFound|(?:Kms)?InvalidState)|\bkey\/[\w-]{1,80} is (?:disabled|pending)|refers to a customer master key/i,
    examples: [
      'The ciphertext refers to a customer master key that does not exist',
      'arn:aws:kms:eu-west-1:1:key/7 is pending deletion',
    ],
  },
  {
    id: 'role-not-assumable',
    class: 'permission-denied',
    pattern:
      /(?:could not|unable to|failed to|cannot) assume (?:the )?(?:\w{1,20} )?role|trust (?:policy|relationship)[^\n]{0,60}(?:does not|doesn't|not) (?:allow|include|trust)/i,
    examples: ['Could not assume execution role r because it does not exist'],
  },
  {
    id: 'credentials-wrong',
    class: 'permission-denied',
    pattern:
      /token[^\n]{0,40} is invalid|UnrecognizedClient|InvalidClientTokenId|SignatureDoesNotMatch|InvalidAccessKeyId|InvalidSignatureException/i,
    examples: ['The security token included in the request is invalid.'],
  },
  {
    id: 'login-failed',
    class: 'permission-denied',
    umbrella: true,
    pattern:
      /SaslAuthenticat|Authentication failed|failed authentication|AUTHENTICATION_FAILED|Unable to (?:load|locate) (?:AWS )?credentials|Failed to find AWS IAM Credentials|NoAuthWithAWS|No AWS Credentials|NoCredentials(?:Error|Provided)|Invalid (?:username|user name|login|credentials)|Login failed|(?:incorrect|wrong|bad) (?:username|user name|user|login|password)\b|Access denied for user/i,
    examples: [
      'org.apache.kafka.common.errors.SaslAuthenticationException: Authentication failed during authentication',
    ],
  },
  {
    id: 'dependency-missing',
    class: 'config-invalid',
    pattern:
      /Failed to find (?:the )?data source|DATA_SOURCE_NOT_FOUND|ClassNotFound|NoClassDefFound|Failed to load class|(?:No|unable to find) LoginModule|Class [\w.$]{1,200} could not be found|Unable to find class: |unresolved dependency|could not find or load main class|does not exist in the JVM|Cannot find catalog plugin class|Cannot initialize Catalog|Unsupported class file major version|Plugin class for catalog|terminated with exception: (?:org|com|scala|io)\/[\w/$]{3,200}$|PYTHON_VERSION_MISMATCH|Python in worker has different version|INVALID_PROTOCOL_VERSION|InvalidProtocolVersionException|protocol version is not supported/im,
    examples: [
      '[PYTHON_VERSION_MISMATCH] 3.8 and 3.11',
      'InvalidProtocolVersionException: reader 4',
      'AnalysisException: Failed to find data source: kafka. Please deploy the application as per the guide.',
      'Error: Failed to load class com.example.StreamingJob.',
    ],
  },
  {
    id: 'dependency-version',
    class: 'config-invalid',
    pattern:
      /NoSuchMethodError|NoSuchFieldError|AbstractMethodError|IncompatibleClassChangeError|UnsupportedClassVersionError|UnsatisfiedLinkError|ServiceConfigurationError|Provider [\w.$]{1,200} (?:could not be instantiated|not a subtype)|InvalidClassException|is in unnamed module of loader [^\n]{1,200} is in unnamed module of loader/,
    examples: [
      'Provider org.acme.KafkaSourceProvider could not be instantiated',
      'java.lang.NoSuchMethodError: scala.Predef$.refArrayOps',
      'java.util.ServiceConfigurationError: Provider x',
      'A cannot be cast to B (A is in unnamed module of loader x; B is in unnamed module of loader y)',
    ],
  },
  {
    id: 'python-module-missing',
    class: 'config-invalid',
    pattern: /ModuleNotFoundError|No module named|ImportError: /,
    examples: ["ModuleNotFoundError: No module named 'pyarrow'"],
  },
  {
    id: 'program-file-missing',
    class: 'config-invalid',
    pattern:
      /can't open file|(?:FileNotFound|No such file|NoSuchKey|does not exist)[^\n]{0,200}\.(?:py|jar|egg|whl|tar\.gz)\b|\.(?:py|jar|egg|whl|tar\.gz)\b[^\n]{0,80}(?:does not exist|No such file|not found)|Cannot run program|environment\/bin\/python|entry ?point[^\n]{0,200}(?:not (?:be )?found|does not exist|not readable)/i,
    examples: ["python: can't open file '/jobs/orders.py': [Errno 2] No such file or directory"],
  },
  {
    id: 'stream-missing',
    class: 'config-invalid',
    pattern:
      /\bstream [^\n]{1,160} not found|ConsumerNotFound|InvalidTopic|UnknownTopicOrPartition|does not host this topic|Does the topic exist|UNKNOWN_TOPIC/i,
    not: /\bshard /i,
    examples: [
      "Error getting partitions of 'orders'. Does the topic exist?",
      'ResourceNotFoundException: Stream orders under account 1 not found.',
      'UnknownTopicOrPartitionException: This server does not host this topic-partition.',
    ],
  },
  {
    id: 'path-missing',
    class: 'config-invalid',
    pattern:
      /PATH_NOT_FOUND|(?:input )?path does not exist|NoSuchBucket|bucket does not exist|EntityNotFoundException|NoSuch(?:Namespace|Database|Bucket|Catalog|Table)Exception|(?:SCHEMA|CATALOG)_NOT_FOUND|(?:database|catalog|namespace|queue|secret|parameter|registry|subnet|security group|cluster|endpoint)s? [^\n]{0,80}(?:not found|does not exist|can(?:no|')t be found|cannot find)|can't find the specified secret|Requested resource not found|relation "[^"\n]{1,120}" does not exist|ParameterNotFound|QueueDoesNotExist|NonExistentQueue|InvalidSubnetID|ParentNotDirectory|is not a directory/i,
    examples: [
      '[PATH_NOT_FOUND] Path does not exist: s3://bucket/in.',
      'NoSuchBucket: The specified bucket does not exist',
    ],
  },
  {
    id: 'sink-log-incomplete',
    class: 'config-invalid',
    pattern:
      /_spark_metadata\/\d{1,12}(?:\.compact)? (?:doesn't|does not) exist|location of your "_spark_metadata" directory/i,
    examples: ["s3://b/out/_spark_metadata/0 doesn't exist (latestId: 6, compactInterval: 10)"],
  },
  {
    id: 'image-missing',
    class: 'config-invalid',
    pattern:
      /ImageNotFound|ImagePull|manifest unknown|RepositoryNotFound|(?:pull|find|validate) (?:the )?(?:custom |container )?image/i,
    examples: ['Failed to pull image 1.dkr.ecr.us-east-1.amazonaws.com/jobs:7'],
  },
  {
    id: 'setting-missing',
    class: 'config-invalid',
    pattern:
      /\b[\w.]{1,80}['"`]? is not specified|(?<!Schema )must be (?:specified|provided)\b|create a Path from an empty string|must be both defined|\bis mandatory\b|missing required (?:option|property|configuration|parameter|argument)|missing application resource|the following arguments are required|(?:option|parameter|property|argument|setting|environment variable) ['"`]?[\w.-]{1,80}['"`]? (?:must be|is required|is missing|is not set|not set)|(?:must|please) (?:specify|provide) (?:the |a |an |either )?[\w.'" ]{1,60}(?:option|property|parameter|argument)|Unable to find a region|No such option/i,
    examples: [
      'a checkpoint location is mandatory',
      'IllegalArgumentException: kinesis.endpointUrl is not specified',
      "Option 'kafka.bootstrap.servers' must be specified",
    ],
  },
  {
    id: 'setting-wrong',
    class: 'config-invalid',
    pattern:
      /(?<![\w.])(?:spark|kinesis|kafka|hoodie|fs\.s3a?|aws)\.[\w.]{1,100}:? [^\n]{0,60}(?:must|cannot|can't|unknown\b|should (?:not )?be|has to be)|must be\sbetween|Invalid value [^\n]{1,200} for configuration|ConfigException|JAAS config|could not find a '?KafkaClient'? entry|INVALID_CONF_VALUE|INVALID_OPTIONS|No (?:Abstract)?FileSystem (?:configured )?for scheme|Wrong FS|System memory \d{1,15} must be|(?:memory|cpu|cores|vcpu|disk)[^\n]{0,60}(?:should|must) be (?:between|at least|one of|a multiple)|(?:invalid|illegal|unsupported|unknown|unrecognized) (?:\w{1,20} )?(?:configuration|config|setting|option|parameter|conf|url|uri|region|endpoint|argument)\b|(?:configuration|config|setting) (?:is|value is) (?:invalid|not valid)|INVALID_URL|UNRECOGNIZED_SQL_CONF|INVALID_(?:PARAMETER|OPTION)\w{0,20}|^(?:\S{1,200}\.)?ValidationException: (?:Worker|Job|Application|Invalid|Value|\d)|exec format error|instance type [\w.-]{1,40} is not supported|IllegalLocationConstraint|Unrecognized (?:VM )?option|Could not create the Java Virtual Machine|PKIX path building failed|trustAnchors parameter|If startingOffsets contains specific offsets|provided key element does not match|JAVA_GATEWAY_EXITED|^ValidationException: |exceeds the (?:maximum|largest|limit)[^\n]{0,40}(?:GB|vCPU|workers?)\b|Config conflict/im,
    // DNS that does not answer is no wrong setting.
    not: /No resolvable bootstrap/i,
    examples: [
      'the trustAnchors parameter must be non-empty',
      'If startingOffsets contains specific offsets, all are named',
      'The provided key element does not match the schema',
      'No AbstractFileSystem configured for scheme: s3',
      'Maximum value of spark.dynamicAllocation.initialExecutors: 3 must be between 1 and 2',
      'Login module control flag is not available in the JAAS config',
    ],
  },
  {
    id: 'source-table-rewritten',
    class: 'config-invalid',
    pattern:
      /Detected (?:a data update|deleted data)|Cannot process (?:overwrite|delete|replace)[^\n]{0,20} snapshot|DELTA_SOURCE_(?:TABLE_)?IGNORE/i,
    examples: ['Detected deleted data (for example part-1) from streaming source at version 5'],
  },
  {
    id: 'no-executor-ever-launched',
    class: 'config-invalid',
    // The driver waited its full patience beside a cap it fills alone: more waiting is futile.
    pattern: /due to no executor\sbeing launched|Required (?:executor|driver|AM) memory [^\n]{0,160}above/i,
    examples: ['Abandoning job due to no executor being launched within 1200000ms after driver starts.'],
  },
];
