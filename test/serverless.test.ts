import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { tableDefinition } from '../src/aws/table.ts';
import { functionPermissions } from '../src/runtime/permissions.ts';
import { readSettings } from '../src/runtime/settings.ts';
import { describeInLambda } from './packaged/lambda.contract.ts';
import { describeRights } from './packaged/rights.contract.ts';
import { describeWiring } from './packaged/wiring.contract.ts';
import { evaluated, listed, type Resource, statementsOf, type Template } from './support/cloudformation.ts';
import { type Packaged, packaged } from './support/package.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const functionNames = readdirSync(join(root, 'functions')).map((file) => basename(file, '.ts'));
const whole = {
  Act: 'all',
  ApplicationArns:
    'arn:aws:emr-serverless:us-east-1:111122223333:/applications/00a,arn:aws:emr-serverless:us-east-1:111122223333:/applications/00b',
  LaunchRoleArns: 'arn:aws:iam::111122223333:role/streaming-job',
  CheckpointBucketArns: 'arn:aws:s3:::acme-checkpoints',
  LogBucketArns: 'arn:aws:s3:::acme-logs,arn:aws:s3:::acme-more-logs',
  StreamArns: 'arn:aws:kinesis:us-east-1:111122223333:stream/clicks',
  AuditStreamArns: 'arn:aws:kinesis:us-east-1:111122223333:stream/clicks',
  CommitterTableArns: 'arn:aws:dynamodb:us-east-1:111122223333:table/clicks-committer',
  LogGroupArns: 'arn:aws:logs:us-east-1:111122223333:log-group:/aws/emr-serverless',
  SlackSecretArns: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:checkpilot/slack-AbCdEf',
};

let template: Template;
let pack: Packaged;
beforeAll(() => {
  pack = packaged();
  ({ template } = pack);
}, 120_000);

const ofType = (resources: Template['Resources'], type: string) =>
  Object.entries(resources).filter(([, { Type }]) => Type === type);

function functionsIn(resources: Template['Resources']): Map<string, Resource> {
  return new Map(
    ofType(resources, 'AWS::Lambda::Function').map(([, resource]) => [
      String(resource.Properties.FunctionName).replace(/^checkpilot-/, ''),
      resource,
    ]),
  );
}

function roleOf(resources: Template['Resources'], name: string): Resource | undefined {
  const role = String(functionsIn(resources).get(name)?.Properties.Role).replace(/^<|\.Arn>$/g, '');
  return resources[role];
}

function allowed(role: Resource | undefined): readonly string[] {
  const allows = statementsOf(role).filter(({ Effect }) => Effect === 'Allow');
  return [...new Set(allows.flatMap(({ Action }) => listed(Action)))].sort();
}

describe('the packaged template', () => {
  it('has every function, each with the one file that its handler names, and nothing else in its archive', () => {
    const functions = functionsIn(evaluated(template));
    expect([...functions.keys()].sort()).toEqual([...functionNames].sort());
    for (const [name, { Properties }] of functions) {
      const files = pack.filesOf(name);
      expect([...files.keys()]).toEqual([`dist/functions/${name}/index.mjs`]);
      expect(Properties.Handler).toBe(`dist/functions/${name}/index.handler`);
      expect(files.get(`dist/functions/${name}/index.mjs`)?.toString('utf8')).toMatch(
        /export\{[^}]*\bas handler\b/,
      );
    }
  });

  it('gives each function every setting that it needs', () => {
    for (const [, { Properties }] of functionsIn(evaluated(template, whole))) {
      const { Variables } = Properties.Environment as { Variables: Record<string, string> };
      const settings = readSettings({ AWS_REGION: 'us-east-1', ...Variables });
      expect(settings).toMatchObject({ act: 'all', account: '111122223333' });
      expect(settings.startRoles).toEqual(['checkpilot-reconcile', 'checkpilot-sweep']);
    }
  });

  it('makes the table that the adapters and the local stack know', () => {
    const { TableName, ...definition } = tableDefinition('checkpilot');
    const { Properties, DeletionPolicy } = evaluated(template).Table ?? expect.fail('no table');
    expect(Properties).toMatchObject({ TableName, ...definition });
    expect(Properties.TimeToLiveSpecification).toEqual({ AttributeName: 'ttl', Enabled: true });
    expect(Properties.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
    expect(DeletionPolicy).toBe('Retain');
  });

  it('lets alarms in by EventBridge and as an action, whose door is there', () => {
    const resources = evaluated(template);
    const { Properties } = resources.AlarmActions ?? expect.fail('no permission for alarm actions');
    expect(Properties.Principal).toBe('lambda.alarms.cloudwatch.amazonaws.com');
    const door = resources[String(Properties.FunctionName).replace(/^<|\.Arn>$/g, '')];
    expect(door?.Properties.FunctionName).toBe('checkpilot-alarm');
    const rules = ofType(resources, 'AWS::Events::Rule').map(([, rule]) => rule.Properties.EventPattern);
    expect(rules).toContainEqual(expect.objectContaining({ source: ['aws.cloudwatch'] }));
  });

  it('hides a message for longer than its function may take: six times, or twice where a hidden one blocks the queue', () => {
    const resources = evaluated(template);
    for (const [, mapping] of ofType(resources, 'AWS::Lambda::EventSourceMapping')) {
      const { EventSourceArn, FunctionName } = mapping.Properties as Record<string, string>;
      const queue = resources[String(EventSourceArn).replace(/^<|\.Arn>$/g, '')];
      const consumer = resources[String(FunctionName).replace(/^<|\.Arn>$/g, '')];
      const timeoutSeconds = Number(consumer?.Properties.Timeout);
      expect(Number(queue?.Properties.VisibilityTimeout)).toBeGreaterThanOrEqual(
        (queue?.Properties.FifoQueue ? 2 : 6) * timeoutSeconds,
      );
      expect(mapping.Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
    }
    const wake = resources.WakeQueue?.Properties;
    const redrive = wake?.RedrivePolicy as { maxReceiveCount: number };
    // Design: a dozen receives over at least six hours.
    expect(Number(wake?.VisibilityTimeout) * redrive.maxReceiveCount).toBeGreaterThanOrEqual(6 * 3_600);
  });

  it('watches metrics that somebody emits', () => {
    const emitted = ['functions', 'src/runtime'].flatMap((folder) =>
      readdirSync(join(root, folder)).map((file) => readFileSync(join(root, folder, file), 'utf8')),
    );
    const own = ofType(evaluated(template), 'AWS::CloudWatch::Alarm').filter(
      ([, { Properties }]) => Properties.Namespace === 'Checkpilot',
    );
    expect(own.length).toBeGreaterThan(2);
    for (const [, { Properties }] of own) {
      const { MetricName, Dimensions } = Properties as {
        MetricName: string;
        Dimensions: { Value: string }[];
      };
      expect(emitted.some((text) => text.includes(`'${MetricName}'`))).toBe(true);
      expect(functionNames).toContain(Dimensions[0]?.Value);
    }
  });

  it('has a dashboard whose own metrics are emitted', () => {
    const [[, dashboard] = expect.fail('no dashboard')] = ofType(
      evaluated(template),
      'AWS::CloudWatch::Dashboard',
    );
    const { widgets } = JSON.parse(String(dashboard.Properties.DashboardBody)) as {
      widgets: { properties: { metrics?: string[][] } }[];
    };
    const emitted = ['functions', 'src/runtime'].flatMap((folder) =>
      readdirSync(join(root, folder)).map((file) => readFileSync(join(root, folder, file), 'utf8')),
    );
    const metrics = widgets.flatMap(({ properties }) => properties.metrics ?? []);
    for (const [namespace, name] of metrics.filter(([first]) => first === 'Checkpilot')) {
      expect(
        emitted.some((text) => text.includes(`'${name}'`)),
        `${namespace} ${name}`,
      ).toBe(true);
    }
    expect(metrics.length).toBeGreaterThan(10);
  });
});

describe('the roles', () => {
  it.each(functionNames)('%s may do what its adapters declare, and nothing more', (name) => {
    const declared = (functionPermissions[name] ?? expect.fail(`no permissions for ${name}`)).flatMap(
      ({ actions, acts = [], actsAll = [] }) => [...actions, ...acts, ...actsAll],
    );
    // Lambda sends what a door could not handle to its failure destination, in the name of the door.
    expect(allowed(roleOf(evaluated(template, whole), name))).toEqual([...new Set(declared)].sort());
  });

  it.each(functionNames)('%s can change nothing but what belongs to the stack with Act: none', (name) => {
    const acts = Object.values(functionPermissions).flatMap((sets) =>
      sets.flatMap(({ acts = [], actsAll = [] }) => [...acts, ...actsAll]),
    );
    const given = { ...whole, Act: 'none' };
    expect(allowed(roleOf(evaluated(template, given), name)).filter((one) => acts.includes(one))).toEqual([]);
    const allows = statementsOf(roleOf(evaluated(template, given), name)).filter(
      ({ Effect }) => Effect === 'Allow',
    );
    for (const { Action, Resource, Condition } of allows) {
      const writes = listed(Action).filter(
        (action) => !/:(?:Get|BatchGet|List|Describe|Filter|Query)/.test(action),
      );
      if (writes.length === 0) continue;
      // `<Name.Arn>` is a resource of this very template; the rest is its own log, and events under its own name.
      const foreign = listed(Resource).filter((arn) => !/^<[A-Za-z]+\.Arn>$/.test(arn));
      const isOwnLog = (arn: string) => arn.endsWith(`:log-group:/aws/lambda/checkpilot-${name}:*`);
      const isOwnEvent = JSON.stringify(Condition) === '{"StringEquals":{"events:source":"checkpilot"}}';
      expect({ writes, foreign: isOwnEvent ? [] : foreign.filter((arn) => !isOwnLog(arn)) }).toEqual({
        writes,
        foreign: [],
      });
    }
  });

  it('differ between restart and none by the rights to act alone', () => {
    const rightsWith = (Act: string) => allowed(roleOf(evaluated(template, { ...whole, Act }), 'reconcile'));
    const without = rightsWith('none');
    expect(rightsWith('restart').filter((action) => !without.includes(action))).toEqual([
      'emr-serverless:CancelJobRun',
      'emr-serverless:StartJobRun',
      'emr-serverless:TagResource',
      'iam:PassRole',
    ]);
  });

  it.each(['reconcile', 'sweep'])(
    '%s makes retentions longer with Act: all only, of the streams of the parameter, and never shorter',
    (name) => {
      const roleWith = (given: Record<string, string>) =>
        roleOf(evaluated(template, { ...whole, ...given }), name);
      const action = 'kinesis:IncreaseStreamRetentionPeriod';
      const extending = statementsOf(roleWith({})).filter(({ Action }) => listed(Action).includes(action));
      expect(extending).toMatchObject([{ Effect: 'Allow', Resource: [whole.StreamArns] }]);
      expect(allowed(roleWith({ Act: 'restart' }))).not.toContain(action);
      expect(allowed(roleWith({ StreamArns: '' }))).not.toContain(action);
      const denied = statementsOf(roleWith({})).filter(({ Effect }) => Effect === 'Deny');
      expect(denied.flatMap(({ Action }) => listed(Action))).toContain(
        'kinesis:DecreaseStreamRetentionPeriod',
      );
    },
  );

  it('are refused every write and deletion of objects, whatever another policy allows', () => {
    for (const name of functionNames) {
      const denied = statementsOf(roleOf(evaluated(template, whole), name)).filter(
        ({ Effect }) => Effect === 'Deny',
      );
      expect(denied).toMatchObject([
        { Resource: '*', Action: expect.arrayContaining(['s3:PutObject', 's3:DeleteObject']) },
      ]);
    }
  });

  it('pass only the roles of the parameter, and only to EMR Serverless', () => {
    const passes = statementsOf(roleOf(evaluated(template, whole), 'reconcile')).filter(({ Action }) =>
      listed(Action).includes('iam:PassRole'),
    );
    expect(passes).toMatchObject([
      {
        Resource: [whole.LaunchRoleArns],
        Condition: { StringEquals: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' } },
      },
    ]);
    const noRoles = evaluated(template, { ...whole, LaunchRoleArns: '' });
    expect(allowed(roleOf(noRoles, 'reconcile'))).not.toContain('iam:PassRole');
  });

  it('read objects of the control bucket, of checkpoints and of logs, and write none', () => {
    for (const name of functionNames) {
      const reads = statementsOf(roleOf(evaluated(template, whole), name)).filter(
        ({ Effect, Action }) => Effect === 'Allow' && listed(Action).includes('s3:GetObject'),
      );
      const known = [
        '<ControlBucket.Arn>/policies/*',
        'arn:aws:s3:::acme-checkpoints/*',
        'arn:aws:s3:::acme-logs/*',
        'arn:aws:s3:::acme-more-logs/*',
      ];
      for (const { Resource } of reads) for (const arn of listed(Resource)) expect(known).toContain(arn);
      const allowed = statementsOf(roleOf(evaluated(template, whole), name)).flatMap(({ Effect, Action }) =>
        Effect === 'Allow' ? listed(Action).filter((action) => action.startsWith('s3:')) : [],
      );
      for (const action of allowed) expect(['s3:GetObject', 's3:ListBucket']).toContain(action);
    }
  });

  it('reach only the applications of the parameter', () => {
    const ofRuns = statementsOf(roleOf(evaluated(template, whole), 'reconcile')).filter(({ Action }) =>
      listed(Action).some((action) => action.startsWith('emr-serverless:')),
    );
    const [first, second] = whole.ApplicationArns.split(',');
    const known = [first, second, `${first}/jobruns/*`, `${second}/jobruns/*`];
    for (const { Resource } of ofRuns) for (const arn of listed(Resource)) expect(known).toContain(arn);
  });
});

describe('each adapter', () => {
  const adapters = readdirSync(join(root, 'src/aws')).map((file) => ({
    file,
    text: readFileSync(join(root, 'src/aws', file), 'utf8'),
  }));
  const declaring = adapters.filter(({ text }) => /export const \w+Permissions: Permissions/.test(text));

  it.each(declaring)('$file declares the action of each call that it makes', ({ text }) => {
    const declaration = [...text.matchAll(/export const \w+Permissions[\s\S]*?\n\};/g)].join('\n');
    const calls = [...text.matchAll(/new (\w+)Command\(/g)].map(([, name = '']) => name);
    expect(calls.length).toBeGreaterThan(0);
    for (const call of calls)
      for (const action of actionsOf[call] ?? [call]) expect(declaration).toContain(`:${action}'`);
  });

  it('that a function is wired with declares something', () => {
    const silent = adapters.filter(
      ({ file, text }) => /new \w+Command\(/.test(text) && !declaring.some((one) => one.file === file),
    );
    // Only the command line publishes policies and makes alarms, with the rights of whoever calls it.
    expect(silent.map(({ file }) => file)).toEqual(['cloudwatch-alarms.ts', 'publish-policy.ts']);
  });
});

/** Calls whose action has another name. */
const actionsOf: Readonly<Record<string, readonly string[]>> = {
  BatchGet: ['BatchGetItem'],
  Put: ['PutItem'],
  Delete: ['DeleteItem'],
  TransactWrite: ['PutItem', 'DeleteItem'],
  ListObjectsV2: ['ListBucket'],
  SendMessageBatch: ['SendMessage'],
};

describeWiring(() => pack);
describeRights(() => pack);
describeInLambda(() => pack);
