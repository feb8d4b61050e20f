import type { FailureRule } from './rule.ts';

/** Disk, memory, room for workers. */
export const resourceRules: readonly FailureRule[] = [
  {
    id: 'state-directory-not-creatable',
    class: 'worker-lost',
    // Local storage set up wrongly, on every worker alike.
    action: 'stop-and-page',
    pattern: /Couldn't create directory/i,
    examples: ["Previous exception in task: Couldn't create directory /home/hadoop/state/db"],
  },
  {
    id: 'disk-full',
    class: 'disk-exhausted',
    pattern:
      /No space (?:left on device|available in any of)|Errno 28\b|\bENOSPC\b|disks? failed|local-dirs are bad|used space above threshold|disk quota exceeded|(?:not enough|insufficient|out of) (?:(?:local|free|usable|available) )?disk|disk (?:is |usage )?(?:full|exceeded)|disk usage exceed|DiskErrorException|any valid local director|\bdevice (?:is )?full\b|(?:disk|ephemeral storage) (?:space |usage |size )?(?:used )?(?:is |has )?(?:above|over|exceed(?:s|ed|ing)?) (?:the |its )?(?:configured|allocated|provisioned|limit|size|disk)|usable space is below|DiskFull|low on resource: ephemeral-storage|(?:ephemeral|local)[- ]storage[^\n]{0,40}(?:exceed|exhaust|full)/i,
    examples: [
      'java.io.IOException: No space left on device',
      'No space available in any of the local directories',
      'Most of the disks failed. 1/2 local-dirs are bad: /mnt/yarn',
      'Worker stopped: its disk usage is over the allocated 20 GB',
      'IOException: insufficient free disk space for a spill',
      'DiskErrorException: could not find any valid local directory for spill-1',
    ],
  },
  {
    id: 'killed-for-memory',
    class: 'memory-exhausted',
    pattern:
      /killed as memory usage exceeded|exceed(?:ed|ing|s) (?:the |its )?(?:physical |virtual |container )?memory limits?|memory usage exceed|GB (?:physical|virtual) memory used|boosting [\w.]{1,60}memoryOverhead|(?:running )?beyond (?:the )?'?(?:physical|virtual)'? memory|OOM ?-?kill|oom[_-]reap|out of memory: kill|memory cgroup out of memory|evicted[^\n]{0,60}\bmemory\b|low on resource: memory/i,
    examples: [
      'Worker has been killed as memory usage exceeded configured memory size',
      'Container killed: 9.1 GB of 9 GB physical memory used',
      'executor 4 exceeded its memory limit',
    ],
  },
  {
    id: 'memory-exit-code',
    class: 'memory-exhausted',
    // 137 is SIGKILL, in a container nearly always by the memory limit; 52 is Spark's own code for out of memory.
    pattern:
      /exit(?:ed)?[ _]?(?:with )?(?:status|code)?(?: is|[:=])? ?(?:code )?(?:137|52)\b|exit ?code:? ?(?:137|52)\b|killed by signal 9\b|signal SIGKILL|\(SIGKILL\)/i,
    examples: [
      'Job failed. ExitCode: 137. Last few exceptions:',
      'Container killed on request. Exit code is 137',
      'exitStatus 52',
      'Command exited with code 52',
    ],
  },
  {
    id: 'out-of-memory',
    class: 'memory-exhausted',
    pattern:
      /OutOf(?:Direct)?Memory|OUT_OF_MEMORY|bytes?(?:\(s\))? of direct memory|out of memory (?:exception|error)|Java heap space|GC overhead limit|Direct buffer memory|Cannot allocate memory|os::commit_memory|insufficient memory for the Java|mmap\) failed to map|ArrayMemoryError|Unable to allocate [\d.]{1,12} ?[KMGT]i?B|not enough memory|ran out of memory|(?:driver|executor|worker|container|process) (?:is |was |has )?(?:run |running )?out of memory|ArrowMemoryError|UNABLE_TO_ACQUIRE_MEMORY|Unable to acquire \d{1,15} bytes|bad_alloc|^MemoryError\b/im,
    examples: [
      'java.lang.OutOfMemoryError: GC Overhead limit exceeded',
      'SparkOutOfMemoryError: Unable to acquire 65536 bytes of memory',
      'netty: cannot allocate 4096 bytes of direct memory',
    ],
  },
  {
    id: 'result-size-cap',
    class: 'memory-exhausted',
    // A cap and no true shortage: the driver's maxResultSize has to grow together with its memory.
    pattern: /maxResultSize|Total size of serialized results of \d/i,
    examples: [
      'Total size of serialized results of 96 tasks (4.0 GiB) is bigger than spark.dri',
      'Total size of serialized results of 2572 tasks (1062.8 MB) is bigger than spark.driver.maxResultSize (1024.0 MB)',
    ],
  },
  {
    id: 'python-worker-died',
    class: 'memory-exhausted',
    pattern: /Python worker (?:exited|crashed|died|terminated)|PYTHON_WORKER_EXITED/i,
    examples: ['org.apache.spark.SparkException: Python worker exited unexpectedly (crashed)'],
  },
  {
    id: 'python-worker-pipe-ended',
    class: 'memory-exhausted',
    frames: true,
    // The end of a pipe, not of a file: the Python process at the other side is gone.
    pattern: /EOFException\b[\s\S]{0,600}Python\w{0,20}Runner/,
    examples: [
      'java.io.EOFException\n\tat java.io.DataInputStream.readFully(X.java:1)\n\tat org.apache.spark.api.python.PythonRunner$$anon$3.read(PythonRunner.scala:774)',
    ],
  },
  {
    id: 'driver-stopped-answering-itself',
    class: 'memory-exhausted',
    // An executor inside the driver has no network between: its heartbeat is late only when garbage collection stops all.
    pattern: /executor driver exited[^\n]{0,120}heartbeat timed out/i,
    examples: [
      'ExecutorLostFailure (executor driver exited caused by one of the running tasks) Reason: Executor heartbeat timed out after 278220 ms',
    ],
  },
  {
    id: 'capacity-cap-reached',
    class: 'capacity-unavailable',
    pattern:
      /ApplicationMaxCapacityExceeded|ServiceQuotaExceeded|reached your quota for|quota allows for \d{1,6} more|Max(?:imum)? concurrent vCPUs?|maximum (?:capacity|vCPU)\b[^\n]{0,60}(?:reached|exceeded)|(?:reached|exceed(?:s|ed)?|is at) (?:its |the )?maximum capacity|(?:reached|exceed\w{0,3}) [^\n]{0,60}(?:vCPU|worker|instance|capacity)s? (?:limit|quota|service limit)|(?:Instance|MaxSpotInstanceCount)LimitExceeded|MaxSpotInstanceCountExceeded|exceeded (?:the )?maximumCapacity|service limit on the maximum|VcpuLimitExceeded|vCPU limit of|Exceeded maximum concurrent compute capacity|reached (?:its|the|their) (?:limit|quota) [^\n]{0,40}vCPU/i,
    examples: [
      "You've reached your quota for instances",
      'Your quota allows for 0 more of them',
      'Job failed as application has exceeded maximumCapacity settings.',
      'Job failed as account has reached the service limit on the maximum vCPU it can use concurrently.',
    ],
  },
  {
    id: 'queued-too-long',
    class: 'capacity-unavailable',
    pattern:
      /queue time-?out|queueTimeout|(?:stayed|was|been|remained|waited)[^\n]{0,20} queued? for|while in QUEUED state|in (?:the )?queue for (?:more|longer) than|(?:maximum|max|limit) (?:number )?(?:of )?concurrent (?:job )?runs|maxConcurrentRuns|concurrent job runs? (?:limit|quota)/i,
    examples: [
      'The job run exceeded the queue timeout of 360 minutes',
      'The job timed out while in QUEUED state',
      'maximum number of concurrent runs reached',
    ],
  },
  {
    id: 'no-capacity',
    class: 'capacity-unavailable',
    pattern:
      /Insufficient\w{0,30}Capacity|sufficient [\w.]{1,30} capacity|(?:unable|failed|could not) (?:to )?provision (?:the |enough |sufficient )?capacity|could not find (?:an )?available IP|no (?:available )?capacity (?:in|for)|workers? could not be (?:provisioned|allocated)|enough (?:free\s)?IP addresses|enough free\saddresses|no Spot capacity|(?:not enough|insufficient|no) (?:\w{1,20} )?(?:capacity|free addresses|IP addresses)|IP addresses on subnet is 0|out of (?:\w{1,20} )?(?:\w{1,20} )?IP(?:s\b| addresses)|no (?:\w{1,20} )?IP addresses? (?:left|available)|InsufficientFreeAddresses|capacity is (?:not|un) ?available|nodes are available: [^\n]{0,120}Insufficient (?:cpu|memory|pods)|Initial job has not accepted any resources/i,
    examples: [
      '0/4 nodes are available: 4 Insufficient memory',
      'Initial job has not accepted any resources',
      'the subnet does not have enough free addresses',
      'InvalidInputException: Number of IP addresses on subnet is 0',
      'There is no Spot capacity available',
      'Could not find available IP in subnet subnet-1',
      'EMR Serverless was unable to provision capacity in the requested Availability Zone',
    ],
  },
];
