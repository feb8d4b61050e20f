import type { DiagnosticCode } from './diagnostics.ts';

/** One page of help about a code. `example` is YAML that has the fault; `fix` begins with what to do. */
export interface Explanation {
  readonly cause: string;
  readonly example: string;
  readonly fix: string;
}

/** What `checkpilot explain CODE` prints, and the reference lists. */
export const explanations: Readonly<Record<DiagnosticCode, Explanation>> = {
  CP1001: {
    cause:
      'A key that the policy format does not have at this place. A misspelt key would be ignored in silence, and the shipped default would hold.',
    example: 'restart:\n  budgets: { perHour: 3 }',
    fix: 'Use the key that the message suggests, or one of those that it lists. docs/policy.md has them all.',
  },
  CP1002: {
    cause:
      'A value of another kind than the key takes: a number without its unit, text where a number is wanted, a name with forbidden letters; or a file that is no policy at all. As a warning: an id that YAML reads as a number.',
    example: 'restart:\n  backoff: { initial: 30 }\nmetadata: { accountId: 012345678901 }',
    fix: 'Write the value as the message says: durations with their unit (30s), ids and account numbers in quotes.',
  },
  CP1003: {
    cause:
      'A value of the right kind that is too small, too large or too long: for this format, for the service, or next to another value.',
    example: 'restart:\n  nativeRetries: 12\n  budget: { perHour: 20, perDay: 12 }',
    fix: 'Stay inside the range that the message names.',
  },
  CP1004: {
    cause: 'A value that is none of those allowed, or two keys of which only one may be there.',
    example: 'mode: enforce',
    fix: 'Use one of the values that the message lists. Of two keys that exclude each other, keep one.',
  },
  CP1005: {
    cause: 'A key that has to be there is missing, in the job and in `defaults`.',
    example: 'jobs:\n  clicks: { mode: act }',
    fix: 'Add the key to the job, or to `defaults` if it is the same for every job.',
  },
  CP1006: {
    cause: 'The file is not valid YAML. Until it is, nothing else in it can be judged.',
    example: 'match: { application: { id: "00f1cbsc6anuij25" }',
    fix: 'Mend the first such fault; later ones are often its echo. Look for a bracket, a quote or an indentation.',
  },
  CP1007: {
    cause:
      'One key twice in one map, or one job or section in two files. YAML readers disagree on which of the two wins.',
    example: 'mode: act\nmode: observe',
    fix: 'Keep one of the two. The message names the place of the other.',
  },
  CP1008: {
    cause:
      'A key of the full policy format that this version of Checkpilot does not act on. It is refused because whoever writes it relies on it.',
    example: 'resharding: { policy: follow }',
    fix: 'Leave the key out for now, or write what the hint names in its place.',
  },
  CP2001: {
    cause:
      'Two jobs match the same job run: one application, globs that can name one run, and no tag that tells them apart. Both would restart it.',
    example: 'clicks: { match: { jobName: "clicks*" } }\nclicks-fr: { match: { jobName: "*-fr" } }',
    fix: 'Narrow `match.jobName`, tell the jobs apart by a tag with two values, or delete one of the two.',
  },
  CP2003: {
    cause:
      'Two queries keep their state at one checkpoint location, or one inside of the other. s3, s3a and s3n, doubled slashes and a slash at the end make no difference. Two writers destroy a checkpoint.',
    example:
      'clicks: { checkpoint: { location: s3://bucket/clicks/ } }\nclicks-fr: { checkpoint: { location: s3a://bucket/clicks/fr } }',
    fix: 'Give each query a location of its own, side by side: s3://bucket/clicks/ and s3://bucket/clicks-fr/.',
  },
  CP2004: {
    cause: 'The job starts from `launch.spec` (`launchFrom: spec`), and has none.',
    example: 'restart: { launchFrom: spec }',
    fix: 'Write `launch: { spec: … }`, or `launchFrom: lastRun` to start again what ran last.',
  },
  CP2005: {
    cause:
      'The execution role belongs to another account than the policy. The service takes only roles of its own account.',
    example: 'executionRoleArn: arn:aws:iam::999988887777:role/streaming',
    fix: 'Use a role of the account in `metadata.accountId`, or mend that id.',
  },
  CP2006: {
    cause:
      'A job is renamed from a name that is its own, that another job of the policy has, or that a second job is renamed from. History, budget and checkpoint locks can pass to one job only.',
    example: 'clicks: {}\nclicks-v2: { renamedFrom: clicks }',
    fix: 'Delete the job with the old name, or delete `renamedFrom`. One rename has one new name.',
  },
  CP2007: {
    cause:
      'A window of the guardrails that can never hold anything back: it ends when it begins, its schedule names no day, it excepts all of its actions, or it names no job.',
    example:
      'windows:\n  - { name: freeze, effect: deny, actions: [reshard], except: [reshard], timeZone: UTC, when: … }',
    fix: 'Mend what the message names, or delete the window. A freeze that is only believed in is worse than none.',
  },
  CP2008: {
    cause:
      'The retention of a Kafka topic, or of no source at all, is to be made longer, or its records are to be asked for their age. Checkpilot can do that with Kinesis streams only: the other needs a client inside of the network of the cluster.',
    example: 'source: { kafka: { … } }\nretention: { extendTo: 7d }',
    fix: 'Leave `retention.extendTo` and `retention.exactAge` out, and give the topics the retention that a night without the job needs; or name the Kinesis stream in `source.kinesis`.',
  },
  CP2101: {
    cause:
      'In the worst case the job is attempted more than 30 times an hour: each run that Checkpilot starts has the own attempts of the service again, nativeRetries × (1 + budget.perHour).',
    example: 'restart: { nativeRetries: 10, budget: { perHour: 5 } }',
    fix: 'Lower `nativeRetries` or `budget.perHour`: what failed twelve times in an hour rarely works at the thirtieth.',
  },
  CP2102: {
    cause: 'A receiver is written down and no notice goes to it.',
    example:
      'notifications:\n  receivers: { night: { slack: { … } }, day: { slack: { … } } }\n  root: { receivers: [day] }',
    fix: 'Name it in `notifications.root.receivers`, or delete it.',
  },
  CP2103: {
    cause:
      'The job asks for alarms of its own, and there is no metric to bind one to. An alarm on workers needs the whole name of the runs, an alarm on the age of records a Kinesis stream that is read by polling.',
    example: 'match: { jobName: "clicks*" }\nalarms: { managed: true }',
    fix: 'Write `match.jobName` without a pattern, or `source.kinesis.stream`, or leave `alarms.managed` out.',
  },
  CP2104: {
    cause:
      'The job says when it wants to be warned of data loss, and nobody knows how long its records are kept: it names no source, or topics whose retention no broker outside of their network can be asked for.',
    example: 'source: { msk: { … } }\nretention: { warnAt: 40% }',
    fix: 'Write `retention: 7d` beside the topics in `source.msk` or `source.kafka`, or name the stream in `source.kinesis`.',
  },
  CP2105: {
    cause:
      'A key of a failure class that changes nothing: a budget that is nowhere smaller than that of the job or names no limit, a backoff of jobs that wait for capacity, either of them beside an action that starts nothing.',
    example:
      'restart:\n  budget: { perHour: 3, perDay: 12 }\n  classes: { worker-lost: { budget: { perHour: 5 } } }',
    fix: 'Make the budget of the class smaller, write `every` for jobs that wait for capacity, or leave the key out.',
  },
  CP2106: {
    cause:
      'The Region has the form of a Region and is none that this version knows. Most likely it is a slip.',
    example: 'metadata: { region: us-eats-1 }',
    fix: 'Mend the name. If the Region is younger than this version of Checkpilot, leave it: nothing else hangs on the list.',
  },
  CP2107: {
    cause:
      'The policy has no job, so that nothing is looked after. A list of jobs that was cut away looks like this, too.',
    example: 'jobs: {}',
    fix: 'Write a job: jobs: { clicks: { match: … } }. If nothing is to be looked after any more, leave it as it is.',
  },
  CP2301: {
    cause:
      'A policy test, or an expectation of one, that says nothing about what should happen. It would pass whatever the policy says.',
    example: 'tests:\n  - { name: nothing is lost, fixture: clicks, expect: [] }',
    fix: 'Say what should happen: expect: [ { at: 5m, decision: { kind: start } } ]. That nothing happens is `never`, `writes: none` or `count: 0`.',
  },
  CP2302: {
    cause:
      'A series of a policy test ends before the last step that an expectation looks at. What a sensor measures from there on would be a guess.',
    example:
      'series: { source.inputRate: "1200x10" }\nexpect: [ { at: 15m, decision: { reason: stalled } } ]',
    fix: 'Make the series longer (`axn` are n + 1 samples, one a step), or write it with durations, the last one open: `1200 for 10m, 0`.',
  },
  CP2303: {
    cause: 'A policy test names a fixture, a job, a receiver or a policy file that is not there.',
    example: 'fixtures: { healthy: { job: clikcs } }',
    fix: 'Use the name that the message suggests, or one of those that it lists.',
  },
  CP2304: {
    cause:
      'A part of a policy test that no decision of this version depends on. It is part of the format, so it is taken; but no test can fail because of it.',
    example: 'series: { lag.seconds: "10x9 30+60x40" }',
    fix: 'Leave it out, or keep it for a later version and do not rely on it.',
  },
  CP3001: {
    cause:
      'A secret is written out in the file: a Slack token or webhook, an AWS access key, a private key, a GitHub token, a password in a URL. Policies are copied, reviewed and kept for ever.',
    example: 'owner: xoxb-EXAMPLE-TOKEN',
    fix: 'Take the secret back where it was issued, put the new one into a secret store, and let the job read it there.',
  },
};
