import type { LocalCall } from '../../src/local/http-server.ts';
import { listed, type Statement, statementsOf, type Template } from './cloudformation.ts';

/** One right that a call needs, as IAM asks for it. */
export interface Right {
  readonly action: string;
  readonly resource: string;
  /** Keys that a condition may ask for. */
  readonly context?: Readonly<Record<string, string>>;
}

const place = 'us-east-1:111122223333';
/** The local stack's own name for the control bucket. */
const controlBucket = 'checkpilot-control';

type Body = Readonly<Record<string, unknown>>;

/** The rights that AWS asks for at this call; none for Slack, which knows no IAM. */
export function rightsNeeded(call: LocalCall): readonly Right[] {
  const { service, operation, request } = call;
  const body = (): Body => JSON.parse(request.body.toString('utf8') || '{}') as Body;
  switch (service) {
    case 'dynamodb':
      return tableRights(operation, body());
    case 'sqs': {
      const queue = String(body().QueueUrl).split('/').at(-1);
      // A batch needs no action of its own (Service Authorization Reference).
      const action = `sqs:${operation.replace(/Batch$/, '')}`;
      return [{ action, resource: `arn:aws:sqs:${place}:${queue}` }];
    }
    case 's3': {
      const path = decodeURIComponent(request.path.slice(1)).replace(/\/$/, '');
      const action = operation === 'ListObjectsV2' ? 's3:ListBucket' : `s3:${operation}`;
      return [{ action, resource: `arn:aws:s3:::${path}` }];
    }
    case 'emr-serverless':
      return runRights(operation, request.path, body);
    case 'events':
      return (body().Entries as { EventBusName?: string; Source: string }[]).map((entry) => ({
        action: 'events:PutEvents',
        resource: `arn:aws:events:${place}:event-bus/${entry.EventBusName ?? 'default'}`,
        context: { 'events:source': entry.Source },
      }));
    case 'secretsmanager':
      // IAM sees the whole ARN, with the six letters that Secrets Manager adds to a name.
      return [
        {
          action: 'secretsmanager:GetSecretValue',
          resource: `arn:aws:secretsmanager:${place}:secret:${body().SecretId}-AbCdEf`,
        },
      ];
    case 'cloudwatch':
      return [{ action: `cloudwatch:${operation}`, resource: String(body().ResourceARN ?? '*') }];
    case 'kinesis': {
      const { StreamARN, StreamName } = body();
      const resource = StreamARN ?? `arn:aws:kinesis:${place}:stream/${StreamName}`;
      return [{ action: `kinesis:${operation}`, resource: String(resource) }];
    }
    case 'slack':
      return [];
    default:
      throw new Error(`what ${service} asks IAM for is not known here`);
  }
}

/** A transaction needs the rights of the writes in it, and none of its own. */
function tableRights(operation: string, body: Body): readonly Right[] {
  const arn = (table: unknown) => `arn:aws:dynamodb:${place}:table/${table}`;
  if (operation === 'TransactWriteItems')
    return (body.TransactItems as Readonly<Record<string, { TableName: string }>>[]).flatMap((item) =>
      Object.entries(item).map(([kind, { TableName }]) => ({
        action: kind === 'ConditionCheck' ? 'dynamodb:ConditionCheckItem' : `dynamodb:${kind}Item`,
        resource: arn(TableName),
      })),
    );
  const tables = body.RequestItems ? Object.keys(body.RequestItems) : [body.TableName];
  const index = body.IndexName ? `/index/${body.IndexName}` : '';
  return tables.map((table) => ({ action: `dynamodb:${operation}`, resource: `${arn(table)}${index}` }));
}

function runRights(operation: string, path: string, body: () => Body): readonly Right[] {
  const action = `emr-serverless:${operation}`;
  const resource = `arn:aws:emr-serverless:${place}:${path.replace(/\/jobruns$/, '')}`;
  if (operation !== 'StartJobRun') return [{ action, resource }];
  const { tags, executionRoleArn } = body();
  return [
    { action, resource },
    ...(tags ? [{ action: 'emr-serverless:TagResource', resource: `${resource}/jobruns/new` }] : []),
    {
      action: 'iam:PassRole',
      resource: String(executionRoleArn),
      context: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' },
    },
  ];
}

/** The statements of the role of each function, by the function's short name, with real ARNs in them. */
export function rolesIn(resources: Template['Resources']): ReadonlyMap<string, readonly Statement[]> {
  const arns = arnsIn(resources);
  const functions = Object.values(resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  return new Map(
    functions.map(({ Properties }) => {
      const role = resources[String(Properties.Role).replace(/^<|\.Arn>$/g, '')];
      const statements = statementsOf(role).map((statement) => ({
        ...statement,
        Resource: listed(statement.Resource).map((text) =>
          text.replace(/<[^>]+>/g, (reference) => arns.get(reference) ?? reference),
        ),
      }));
      return [String(Properties.FunctionName).replace(/^checkpilot-/, ''), statements];
    }),
  );
}

function arnsIn(resources: Template['Resources']): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(resources).flatMap(([id, { Type, Properties }]): [string, string][] => {
      switch (Type) {
        case 'AWS::SQS::Queue':
          return [[`<${id}.Arn>`, `arn:aws:sqs:${place}:${Properties.QueueName}`]];
        case 'AWS::DynamoDB::Table':
          return [[`<${id}.Arn>`, `arn:aws:dynamodb:${place}:table/${Properties.TableName}`]];
        case 'AWS::S3::Bucket':
          return [[`<${id}.Arn>`, `arn:aws:s3:::${controlBucket}`]];
        default:
          return [];
      }
    }),
  );
}

/** As IAM decides: refused where a statement denies it, allowed where one allows it, refused otherwise. */
export function isAllowed(statements: readonly Statement[], right: Right): boolean {
  const fitting = statements.filter((statement) => fits(statement, right));
  return fitting.some(({ Effect }) => Effect === 'Allow') && !fitting.some(({ Effect }) => Effect === 'Deny');
}

function fits(
  { Action, Resource, Condition }: Statement,
  { action, resource, context = {} }: Right,
): boolean {
  const { StringEquals = {}, ...others } = (Condition ?? {}) as {
    StringEquals?: Readonly<Record<string, string>>;
  };
  if (Object.keys(others).length > 0) throw new Error(`conditions ${Object.keys(others)} are not known here`);
  return (
    listed(Action).some((pattern) => matches(pattern, action)) &&
    listed(Resource).some((pattern) => matches(pattern, resource)) &&
    Object.entries(StringEquals).every(([key, value]) => context[key] === value)
  );
}

function matches(pattern: string, text: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(text);
}
