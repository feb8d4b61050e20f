import { describe, expect, it } from 'vitest';
import { type DeployedFunction, readDeployment } from '../../src/local/deployment.ts';
import { evaluated, type Resource, type Template } from '../support/cloudformation.ts';
import type { Packaged } from '../support/package.ts';

type Properties = Resource['Properties'];

const { functions } = readDeployment();

export function describeWiring(pack: () => Packaged): void {
  describe('the local host, which reads serverless.yml itself,', () => {
    it.each(functions.map((one) => [one.name, one] as const))('calls %s as AWS does', (_name, one) => {
      expect(wiringOf(evaluated(pack().template), one.name)).toEqual(asWired(one));
    });

    it('knows every rule, mapping and schedule of the template', () => {
      const all = Object.values(evaluated(pack().template));
      const count = (type: string) => all.filter(({ Type }) => Type === type).length;
      const wired = functions.reduce(
        (sum, { rules, queues, schedules }) => ({
          rules: sum.rules + rules.length + schedules.length,
          queues: sum.queues + queues.length,
        }),
        { rules: 0, queues: 0 },
      );
      expect(wired).toEqual({
        rules: count('AWS::Events::Rule'),
        queues: count('AWS::Lambda::EventSourceMapping'),
      });
    });

    it('bounds how many wakes are worked on at once, and by that what reaches EMR Serverless', () => {
      const reconcile = functions.find(({ name }) => name === 'reconcile');
      expect(reconcile?.queues).toEqual([{ queue: 'WakeQueue', batchMax: 10, concurrencyMax: 10 }]);
    });
  });
}

/** What the local host takes from serverless.yml, in the words of CloudFormation. */
function asWired({ rules, queues, schedules, retriesMax, onFailure }: DeployedFunction) {
  return {
    rules,
    schedules: schedules.map(({ everyMs }) => `rate(${everyMs / 60_000} minute)`),
    // Without a bound of its own a mapping is bounded by the account alone.
    queues: queues.map(({ queue, batchMax, concurrencyMax }) => ({
      queue,
      batchMax,
      concurrencyMax: concurrencyMax === unbounded ? undefined : concurrencyMax,
    })),
    retriesMax,
    onFailure,
  };
}

/** The local host's own bound, where the template has none. */
const unbounded = 100;

function wiringOf(resources: Template['Resources'], name: string) {
  const ofType = (type: string): readonly Properties[] =>
    Object.values(resources).flatMap(({ Type, Properties }) => (Type === type ? [Properties] : []));
  const [id] =
    Object.entries(resources).find(
      ([, { Type, Properties }]) =>
        Type === 'AWS::Lambda::Function' && Properties.FunctionName === `checkpilot-${name}`,
    ) ?? expect.fail(`no function ${name}`);
  const rules = ofType('AWS::Events::Rule').filter(
    ({ Targets }) => idOf((Targets as { Arn: unknown }[])[0]?.Arn) === id,
  );
  const mappings = ofType('AWS::Lambda::EventSourceMapping').filter(
    ({ FunctionName }) => idOf(FunctionName) === id,
  );
  const asynchronous = ofType('AWS::Lambda::EventInvokeConfig').find(
    ({ FunctionName }) => idOf(FunctionName) === id,
  );
  const { OnFailure } = (asynchronous?.DestinationConfig ?? {}) as { OnFailure?: { Destination: unknown } };
  return {
    rules: rules.flatMap(({ EventPattern }) => EventPattern ?? []),
    schedules: rules.flatMap(({ ScheduleExpression }) => ScheduleExpression ?? []),
    queues: mappings.map(({ EventSourceArn, BatchSize, ScalingConfig }) => ({
      queue: idOf(EventSourceArn),
      batchMax: BatchSize,
      concurrencyMax: (ScalingConfig as { MaximumConcurrency?: number } | undefined)?.MaximumConcurrency,
    })),
    retriesMax: asynchronous?.MaximumRetryAttempts ?? 2,
    onFailure: OnFailure && idOf(OnFailure.Destination),
  };
}

/** The id behind `<Name>` and `<Name.Arn>`. */
function idOf(reference: unknown): string {
  return String(reference).replace(/^<|(?:\.Arn)?>$/g, '');
}
