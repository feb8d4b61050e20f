import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { dynamodbClient, s3Client } from '../aws/clients.ts';
import { DynamoDbShardEnds } from '../aws/dynamodb-shard-ends.ts';
import { S3CheckpointFiles } from '../aws/s3-checkpoint-files.ts';
import { systemClock } from '../aws/system-clock.ts';
import { type Below, lookBelow } from '../checkpoint/below.ts';
import type { CheckpointFiles, FileAnswer } from '../checkpoint/files.ts';
import { type ReadOptions, readCheckpoint } from '../checkpoint/read.ts';
import { hintOf } from './advice.ts';
import { FolderCheckpointFiles } from './folder-checkpoint-files.ts';
import { type ExitCode, exitCodes, type Host, outJson, type Verbs } from './host.ts';
import { checkpointJson, checkpointText } from './output/checkpoint.ts';
import { fail, misused, type Problem } from './problems.ts';
import { endpointFault } from './target.ts';

/** A person may be far from the bucket, but waits no longer. */
const readMsMax = 120_000;

interface CheckpointOptions extends Pick<ReadOptions, 'kinesisCommitter'> {
  readonly kinesisTable?: string;
  readonly json?: boolean;
  readonly region?: string;
  readonly endpointUrl?: string;
}

/** `checkpilot checkpoint`: what Spark would make of a checkpoint. It reads, and never writes. */
export function checkpointCommand({ host, run }: Verbs): Command {
  const committer = new Option(
    '--kinesis-committer <kind>',
    'where the Kinesis connector keeps the ends of shards',
  )
    .choices(['hdfs', 'dynamodb'])
    .default('hdfs');
  return new Command('checkpoint')
    .description('say what Spark would make of a checkpoint: batches, positions, damage')
    .argument('<path>', 'the checkpoint of one query: a folder or an s3:// URI')
    .addOption(committer)
    .option(
      '--kinesis-table <name>',
      "table of the connector's DynamoDB committer, to read the ends of shards",
    )
    .option('--region <region>', 'Region of the bucket (AWS_REGION)')
    .option('--endpoint-url <url>', 'another endpoint for S3 (AWS_ENDPOINT_URL_S3)')
    .option('--json', 'one JSON document')
    .action((path: string, options: CheckpointOptions) => run(() => checkpoint(path, options, host)));
}

async function checkpoint(path: string, options: CheckpointOptions, host: Host): Promise<ExitCode> {
  const { env } = host;
  const fault =
    endpointFault('--endpoint-url', options.endpointUrl) ??
    endpointFault('AWS_ENDPOINT_URL_S3', env.AWS_ENDPOINT_URL_S3 || undefined) ??
    endpointFault('AWS_ENDPOINT_URL', env.AWS_ENDPOINT_URL || undefined);
  if (fault !== undefined) return misused(host, fault);
  const opened = await open(path, options, host);
  if (!opened.ok) return unreadable(opened, host);
  const { files, close } = opened.value;
  try {
    const answer = await readCheckpoint(files, readOptions(options, host));
    if (!answer.ok) {
      const { code } = answer;
      const message = `${files.location} cannot be read: ${answer.message}`;
      return unreadable({ code, message, hint: hintOf(answer.message) ?? hints[code] }, host);
    }
    if (answer.value.health === 'empty') {
      const below = await lookBelow(files);
      const message = below.ok ? elsewhereText(files.location, below.value) : undefined;
      if (message !== undefined) return unreadable({ code: 'no-checkpoint', message }, host);
    }
    if (options.json) outJson(host, checkpointJson(answer.value));
    else host.out(checkpointText(files.location, answer.value));
    return exitCodes.fine;
  } finally {
    close();
  }
}

/** The table is in the Region of the bucket, or where AWS_REGION says. */
function readOptions(
  { kinesisCommitter, kinesisTable, ...options }: CheckpointOptions,
  host: Host,
): ReadOptions {
  const committer = kinesisCommitter === undefined ? {} : { kinesisCommitter };
  if (kinesisTable === undefined) return committer;
  const { env, clock = systemClock, aws = {} } = host;
  const region = options.region || env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1';
  const endpoint = env.AWS_ENDPOINT_URL_DYNAMODB || env.AWS_ENDPOINT_URL || undefined;
  const client = dynamodbClient({ region, clock, endpoints: { dynamodb: endpoint }, ...aws });
  return { ...committer, shardEnds: new DynamoDbShardEnds(client, kinesisTable) };
}

const hints = {
  'not-found':
    'Something that was listed is gone or the bucket is not there: check the spelling, or try again.',
  throttled: 'Try again in a minute.',
  unavailable: 'Try again; nothing is known about the checkpoint.',
  denied:
    'It needs s3:ListBucket on the bucket and s3:GetObject below the location, or the right to read the folder.',
  malformed: 'Name the folder that holds offsets/ and commits/; for a bucket elsewhere say --region.',
} as const;

type Opened = { readonly files: CheckpointFiles; close(): void };

async function open(path: string, options: CheckpointOptions, host: Host): Promise<FileAnswer<Opened>> {
  const isS3 = /^s3[an]?:\/\//i.test(path);
  if (!isS3 && /^[a-z][a-z0-9+.-]+:\/\//i.test(path) && !path.startsWith('file://'))
    return refused(`${path}: neither a folder nor an s3:// URI; copy the checkpoint to one of them`);
  if (!isS3) return openFolder(path, host);
  const { env, clock = systemClock, aws = {} } = host;
  // `||`: what is set to nothing is not set.
  const region = options.region || env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1';
  const endpoint = options.endpointUrl || env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || undefined;
  const client = s3Client({ region, clock, endpoints: { s3: endpoint }, ...aws });
  const files = S3CheckpointFiles.at(client, path, readMsMax);
  return files.ok ? { ok: true, value: { files: files.value, close: () => client.destroy() } } : files;
}

async function openFolder(path: string, { cwd }: Host): Promise<FileAnswer<Opened>> {
  const folder = path.startsWith('file://') ? fileURLToPath(path) : resolve(cwd, path);
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    const what = found.code === 'ENOENT' ? 'there is no such folder' : found.message;
    return refused(`${path}: ${what}; name the folder or s3:// URI of a checkpoint`);
  }
  if (!found.isDirectory())
    return refused(`${path}: this is a file; name the folder that holds offsets/ and commits/`);
  return { ok: true, value: { files: new FolderCheckpointFiles(folder), close: () => undefined } };
}

function elsewhereText(location: string, { checkpoints, isInside, others }: Below): string | undefined {
  if (isInside) return `${location}: this is the inside of a checkpoint; name the folder above it`;
  if (checkpoints.length === 0) return others.length === 0 ? undefined : strangersText(location, others);
  const named = checkpoints.map((name) => `  ${location}/${name}`).join('\n');
  return `${location}: no checkpoint itself, but holds ${checkpoints.length}; name one of them:\n${named}`;
}

/** Spark makes its own folders only: where other things stand and none of them, the name is a wrong one. */
function strangersText(location: string, others: readonly string[]): string {
  const shown = others.slice(0, strangersMax).join(', ');
  const more = others.length > strangersMax ? ` and ${others.length - strangersMax} more` : '';
  return `${location}: holds no files of a checkpoint (offsets/, commits/, metadata), but ${shown}${more}; name the checkpoint of one query`;
}

const strangersMax = 5;

function refused(message: string): FileAnswer<never> {
  return { ok: false, code: 'malformed', message };
}

function unreadable({ code, message, hint }: Problem, host: Host): ExitCode {
  return fail(host, exitCodes.failed, { code, message, ...(hint === undefined ? {} : { hint }) });
}
