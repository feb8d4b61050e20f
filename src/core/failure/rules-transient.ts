import type { FailureRule } from './rule.ts';

/** What usually passes: expired tokens, throttles, conflicts, networks, lost workers; and the traces of a dead driver. */
export const transientRules: readonly FailureRule[] = [
  {
    id: 'token-expired',
    class: 'credentials-expired',
    pattern:
      /ExpiredToken|TokenExpired|Signature (?:has )?expired|RequestTimeTooSkewed|TOKEN_EXPIRED|session (?:has )?expired|RequestExpired|ExpiredCredentials|(?:token|credentials?)\b[^\n]{0,60}\b(?:has|have|is|are) expired|(?:token|credentials) expired|token has been expired|\btoken \([^\n]{1,400} (?:is|has) expired|Signed expiry time|invalid_grant|\bTicket expired|not support refreshing the access token/i,
    // A session with ZooKeeper is no credential.
    not: /KeeperErrorCode|ExpiredNextToken/,
    examples: [
      'The security token included in the request is expired',
      'The provided token has expired.',
      'Signed expiry time [t1] must be after signed start time [t2]',
      'Signature expired: t1 is now earlier than t2',
    ],
  },
  {
    id: 'slow-down',
    class: 'throttled',
    pattern:
      /Slow ?Down\b|reduce your request rate|ProvisionedThroughputExceeded|Provisioned Throughput[^\n]{0,60}exceeded|Throttl(?:ing|ed)\w{0,20}(?:Exception|Error)?|Rate exceeded|TooManyRequests|Too many (?:requests|connect(?:ion)?s|clients)|exceeds max(?:imum)? retr|RequestLimitExceeded|Exceeded rate limits?|Throughput exceeds the current capacity|maybe ES was overloaded|request rate (?:limit|is too high|too large)|exceeded the (?:rate|maximum (?:request )?rate)|BandwidthQuotaViolation|ThrottlingQuotaExceeded|quota violation|RequestThrottled|Throughput ?Exceeded|(?<!Vcpu)\bLimitExceededException|Status Code: 429|HTTP(?:\/1\.1)? 429|\b429 (?:Too|Quota)|ResourceExhausted|RESOURCE_EXHAUSTED(?!: \w{0,10} ?message larger)|quota exceeded|TransportError\(429|rejected execution|EsRejectedExecution/i,
    examples: [
      'FATAL: sorry, too many clients already',
      'the write exceeds max retry 10',
      'AmazonS3Exception: Please reduce your request rate.',
      'Failed Authentication: Too many connects',
      'Rate exceeded for shard shardId-1',
    ],
  },
  {
    id: 'connector-gave-up',
    class: 'throttled',
    strength: 'type',
    pattern: /Gave up after \d{1,6} retries/i,
    examples: ['Gave up after 3 retries while getting records'],
  },
  {
    id: 'table-changed-during-commit',
    class: 'commit-conflict',
    pattern:
      /Concurrent(?:Append|Delete\w{1,6}|Write)Exception|DELTA_CONCURRENT_(?:APPEND|WRITE|DELETE)|MetadataChangedException|CommitFailedException|CommitStateUnknown|WriteConflict|(?:Catalog|Table)Lock\w{0,20}Exception|Cannot resolve conflicts for overlapping writes|concurrently modified|Found conflicting files|Found new conflicting|concurrent (?:update|transaction|modification)[^\n]{0,60}(?:try again|retry|commit|conflict|detected)|(?:failed|aborted|rejected) (?:due to|because of) (?:a )?concurrent (?:update|modif|transaction)|detected concurrent update|(?:ProtocolChanged|MetadataChanged|CommitConflict)\w{0,20}|DELTA_(?:PROTOCOL|METADATA)_CHANGED|Hoodie(?:Lock|EarlyConflict\w{1,20})Exception|Unable to acquire (?:the )?(?:table )?lock|TransactionConflict|TransactionCanceled|deadlock (?:detected|found|victim)|was deadlocked|could not serialize access|Lock wait timeout|Serializable isolation violation|Heartbeat for instant \d{1,20} has expired|Missing required files to delete|Cannot commit, (?:found|missing)|\bManifest is missing: |Cannot determine history between starting snapshot|\bhas locked table\b|CommitFailedError\b|branch [\w.-]{1,80} has changed|MAX_COMMIT_RETRIES_EXCEEDED/i,
    examples: [
      'ConcurrentAppendException: Files were added to the root of the table by a concurrent update.',
      'ConcurrentModificationException: Cannot resolve conflicts for overlapping writes',
      'MongoCommandException: error 112 (WriteConflict)',
      'SQLServerException: this transaction was deadlocked with another',
      'CatalogLockTimeoutException: table orders',
    ],
  },
  {
    id: 'iterator-expired',
    class: 'transient-io',
    // A new run takes a new iterator; there is nothing to wait for.
    action: 'restart',
    pattern: /ExpiredIterator|ExpiredNextToken|Iterator (?:has )?expired/i,
    examples: ['ExpiredIteratorException: Iterator expired.'],
  },
  {
    id: 'reshard-race',
    class: 'transient-io',
    pattern:
      /is not closed\. This can happen due to a race|timestampInMillis parameter cannot be greater|race condition between listShards/i,
    examples: [
      'timestampInMillis parameter cannot be greater than the current one',
      'ShardId shardId-1 is not closed. This can happen due to a race condition between listShards and a reshard operation',
    ],
  },
  {
    id: 'shard-end-stuck',
    class: 'transient-io',
    action: 'restart',
    pattern: /didn't checkpoint at end of shard/i,
    examples: ["Application didn't checkpoint at end of shard shardId-000000000030"],
  },
  {
    id: 'producer-daemon-died',
    class: 'transient-io',
    action: 'restart',
    pattern: /DaemonException|child process has been shutdown/i,
    examples: ['DaemonException: The child process has been shutdown and can no longer accept messages.'],
  },
  {
    id: 'host-not-reached',
    class: 'transient-io',
    reachability: true,
    pattern:
      /UnknownHost|NoBrokersAvailable|could not establish (?:the |a )?connection|Name or service not known|Temporary failure in name resolution|connect(?:ion|ing)? (?:attempt )?timed out|ConnectTimeout|Timed out waiting for a node assignment|No resolvable bootstrap|Error while Describe Streams?|Failed to update metadata after|Broker may not be available|Topic [\w.-]{1,200} not present in metadata|No route to host|Network is unreachable|UnresolvedAddress|nodename nor servname|could not resolve host|getaddrinfo/i,
    examples: [
      'java.net.UnknownHostException: kinesis.eu-west-1.amazonaws.com',
      'TimeoutException: Timed out waiting for a node assignment. Call: describeTopics',
    ],
  },
  {
    id: 'connection-broken',
    class: 'transient-io',
    pattern:
      /Unable to execute HTTP request|\bI\/O error (?:occurred|while|during|on)\b|Connection (?:reset|closed|aborted)|Broken pipe|Read timed out|(?<![A-Za-z])SocketTimeout|SocketException|NoHttpResponse|failed to respond|Failed to connect to service endpoint|Premature (?:EOF|end of Content-Length)|connection from pool|connection (?:pool|manager) (?:(?:is|was|has been) )?(?:shut ?down|closed)|client (?:is|was|has been) (?:already )?(?:shut ?down|closed)|DisconnectException|FetchSession\w{0,20}Exception|AbortedException|NotLeader|LEADER_NOT_AVAILABLE|(?:Coordinator(?:NotAvailable|LoadInProgress)|NotCoordinator|NotEnoughReplicas|ReplicaNotAvailable|KafkaStorage|LeaderEpoch|OffsetNotAvailable|RebalanceInProgress)\w{0,20}Exception|ReadTimeout|Communications link failure|CommunicationsException|(?:connection|link) (?:attempt )?(?:failed|failure|lost|dropped|was lost|was closed|has been closed|is closed|terminated)|(?:remote host|peer|server) (?:terminated|closed|disconnected|reset)|unexpected(?:ly)? end of stream|Unexpected end of file from server|JedisConnection|MongoSocket|NetworkException|different length than the expected|closed the connection|RemoteDisconnected|HoodieRemoteException|IncompleteRead|ProtocolError|Acquire operation took longer|another active subscription|SSLException: [^\n]{0,60}(?:closed|reset|terminated|timed out|bad_record_mac)|TruncatedChunk|KeeperErrorCode = (?:Session expired|Connection ?Loss)/i,
    examples: [
      'HoodieRemoteException: no marker could be made',
      'SdkClientException: Unable to execute HTTP request: Connection reset',
      'java.lang.IllegalStateException: Connection pool shut down',
      'PSQLException: I/O error while reading from the server',
      // The subscription of the run before outlives it by minutes.
      'ResourceInUseException: another active subscription of this consumer',
    ],
  },
  {
    id: 'timed-out',
    class: 'transient-io',
    pattern:
      /kafka[\w.]{0,80}\.TimeoutException|Timeout of \d{1,9} ?ms expired|Expiring \d{1,9} record|\b(?:call|request|operation)\b[^\n]{0,60} timed out|ApiCallTimeout|ApiCallAttemptTimeout|deadline exceeded|DEADLINE_EXCEEDED|i\/o timeout|OperationTimeout|(?<!heartbeat )timed out (?:after \d{1,9} ?(?:ms|s|sec)|while)|Cannot fetch record for offset|(?:query|statement|lock|socket|session) timed? ?out/i,
    examples: ['org.apache.kafka.common.errors.TimeoutException: Call(callName=fetchMetadata) timed out'],
  },
  {
    id: 'service-error',
    class: 'transient-io',
    pattern:
      /InternalFailure|UnknownServerException|InternalServer(?:Error|Exception)|ServiceUnavailable|Status Code: 5\d\d|internal (?:service |server )?error occurred|We encountered an internal error|InternalError\b|HTTP response code: 5\d\d|502 Bad Gateway|503 Service|504 Gateway|Bad Gateway|Gateway Time-?out|temporarily unavailable|error could be transient|No response or invalid response from|is not in ACTIVE (?:status|state)|CONCURRENT_TRANSACTIONS|errors\.ConcurrentTransactionsException|regionserver\.LeaseException|PrimarySteppedDown|NodeIsRecovering|NotWritablePrimary|NotPrimary(?:NoSecondaryOk|OrSecondary)|node is in safe mode|InternalServiceE\w{1,12}|\b57P0[123]\b|due to administrator command|service was unable to process the request|Service (?:is )?(?:currently )?unavailable|try again later|AWSStatus500|AWSServiceIOException|StatusRuntimeException: (?:UNAVAILABLE|INTERNAL|ABORTED)|(?:status|code)\w{0,10} ?[=:.] ?\w{0,12}\.?UNAVAILABLE\b/i,
    examples: [
      'the service was unable to process the request',
      'terminated (SQLState 57P01)',
      'AmazonS3Exception: We encountered an internal error. (Service: Amazon S3; Status Code: 500)',
      'An internal error occurred.',
    ],
  },
  {
    id: 'connection-refused',
    class: 'transient-io',
    strength: 'symptom',
    pattern: /Connection refused|TimeoutException|ClosedChannelException/i,
    examples: ['java.nio.channels.ClosedChannelException', 'java.net.ConnectException: Connection refused'],
  },
  {
    id: 'executor-lost',
    class: 'worker-lost',
    strength: 'type',
    pattern:
      /ExecutorLostFailure|Lost executor|exit status: -100\b|released on a \*?lost|heartbeat timed out|ExecutorDeadException|Executor is not registered|from container-launch|from a bad node|RPC client disassociated|executor process lost|spot (?:instance )?(?:interrupt|terminat|reclaim)|because we got no heartbeat|unable to send heartbeats to driver|Shuffle files lost for executor|decommission(?:ed|ing) (?:node|worker|executor)|(?:worker|executor|node|host|instance) (?:was |has been |is )?(?:lost|terminated|decommissioned|preempted|reclaimed)\b|exited from explicit termination|ExecutorExited|Driver [\w.:-]{1,80} disassociated|no recent heartbeats|BlockNotFoundException|CHECKPOINT_RDD_BLOCK|executor[^\n]{0,40} (?:was|has been) removed\b|(?:host|instance|node)[^\n]{0,40} (?:was |is being |has been )?retired|instance status check|Block rdd_\d{1,9}_\d{1,9} is not available|Failed to get broadcast_\d|Failed to send RPC\b|Connection from \/[\d.:]{7,60} closed|Assuming connection is dead/i,
    examples: [
      'Lost executor 3056 on executor_host: Executor heartbeat timed out after 350149 ms',
      'java.io.IOException: Connection from /10.0.0.7:7079 closed',
      'there are outstanding requests. Assuming connection is dead',
      'Container released on a *lost* node.',
    ],
  },
  {
    id: 'runtime-crashed',
    class: 'worker-lost',
    strength: 'type',
    // A fault in native code takes the whole process along. Mostly it does not come back; where it does, the streak ends it.
    pattern:
      /\bSIG(?:SEGV|BUS|ILL|ABRT)\b|fatal error has been detected by the Java|Segmentation fault|core dumped|exit(?:ed)?[ _]?(?:with )?(?:status|code)?(?: is|[:=])? ?(?:code )?(?:134|139)\b/i,
    examples: ['# SIGSEGV (0xb) in a native frame', 'Job failed. ExitCode: 139.'],
  },
  {
    id: 'zone-lost',
    class: 'worker-lost',
    // The service moves a run to another zone; where it could not, a new run is placed afresh.
    pattern:
      /(?:availability zone|\bAZ\b)[^\n]{0,160}(?:unavailable|impair|outage|disrupt|fail(?:ure|ed|over|ing)|lost|unhealthy|unreachable)|(?:outage|failure|disruption|impairment|loss) (?:of|in) (?:the |an )?(?:availability zone|AZ)\b/i,
    // A zone without room has no fault.
    not: /capacity|IP address/i,
    examples: [
      'Job failed because the Availability Zone us-east-1b of its workers became unavailable.',
      'Driver terminated due to an outage of the availability zone use1-az4',
    ],
  },
  {
    id: 'state-held-by-other-task',
    class: 'worker-lost',
    // A task that was killed still holds the local copy of the state; a new run has new workers.
    pattern: /RocksDB instance could not be acquired/i,
    examples: ['IllegalStateException: RocksDB instance could not be acquired by [ThreadId: Some(50)]'],
  },
  {
    id: 'shuffle-lost',
    class: 'worker-lost',
    strength: 'type',
    pattern: /FetchFailed|Shuffle data lost for shuffle|Missing an output location for shuffle/,
    examples: ['org.apache.spark.shuffle.FetchFailedException: Failure while fetching StreamChunkId'],
  },
  {
    id: 'terminated-by-signal',
    class: 'worker-lost',
    strength: 'symptom',
    pattern:
      /RECEIVED SIGNAL (?:15: SIG)?TERM|exit(?:ed)?[ _]?(?:with )?(?:status|code)?(?: is|[:=])? ?(?:code )?(?:143|56)\b/i,
    examples: [
      'ERROR ApplicationMaster: RECEIVED SIGNAL 15: SIGTERM',
      'ERROR CoarseGrainedExecutorBackend: RECEIVED SIGNAL TERM',
      'Job failed. ExitCode: 143.',
    ],
  },
  {
    id: 'spark-context-shut-down',
    class: 'unknown',
    strength: 'symptom',
    // Looks like a cancellation and is what remains of a driver that died of something unseen.
    action: 'restart',
    pattern: /SparkContext was shut down|(?<!Successfully )stopped SparkContext/i,
    examples: ['Job 0 cancelled because SparkContext was shut down'],
  },
  {
    id: 'text-says-timed-out',
    class: 'execution-timeout',
    strength: 'symptom',
    pattern:
      /job run has timed out|execution timeout|exceeded (?:the |its )?(?:configured |maximum )?execution ?time/i,
    examples: ['Job run exceeded the configured execution timeout.'],
  },
  {
    id: 'text-says-cancelled',
    class: 'cancelled',
    strength: 'symptom',
    pattern: /JobRun CANCELLED successfully|job run was cancelled successfully/i,
    examples: ['JobRun CANCELLED successfully.'],
  },
];
