import { describe, expect, it } from 'vitest';
import { readDeployment } from '../../src/local/deployment.ts';
import { matchesPattern } from '../../src/local/event-pattern.ts';

const event = {
  source: 'aws.emr-serverless',
  'detail-type': 'EMR Serverless Job Run State Change',
  resources: ['a', 'b'],
  detail: { state: 'FAILED', attempt: 2, nested: { final: true } },
};

describe('an event pattern', () => {
  it.each([
    [
      'every field that it names',
      { source: ['aws.emr-serverless'], detail: { state: ['FAILED', 'SUCCESS'] } },
    ],
    ['values of a kind of their own', { detail: { attempt: [2], nested: { final: [true] } } }],
    ['one value of a list', { resources: ['b'] }],
    ['a prefix', { 'detail-type': [{ prefix: 'EMR Serverless' }] }],
    ['a suffix', { 'detail-type': [{ suffix: 'State Change' }] }],
    ['anything but', { detail: { state: [{ 'anything-but': ['RUNNING'] }] } }],
    ['what is there and what is not', { detail: { state: [{ exists: true }], muted: [{ exists: false }] } }],
  ])('matches %s', (_what, pattern) => {
    expect(matchesPattern(pattern, event)).toBe(true);
  });

  it.each([
    ['another value', { detail: { state: ['RUNNING'] } }],
    ['the number for the text', { detail: { attempt: ['2'] } }],
    ['a field that is not there', { detail: { mode: ['STREAMING'] } }],
    ['a map where a value is', { source: { name: ['aws.emr-serverless'] } }],
    ['a field that every object inherits', { constructor: [{ exists: true }] }],
    ['one of two fields', { source: ['aws.emr-serverless'], detail: { state: ['RUNNING'] } }],
  ])('does not match %s', (_what, pattern) => {
    expect(matchesPattern(pattern as never, event)).toBe(false);
  });

  it('with a filter that is not known here is an error, not a guess', () => {
    expect(() => matchesPattern({ detail: { attempt: [{ numeric: ['>', 1] }] } }, event)).toThrow(
      'the event pattern filter "numeric" is not known here',
    );
    expect(() => matchesPattern({ $or: [] }, event)).toThrow('$or');
  });
});

describe('serverless.yml', () => {
  const { functions, queues } = readDeployment();
  const rulesOf = (wanted: string) => functions.find(({ name }) => name === wanted)?.rules ?? [];

  it.each([
    ['EMR Serverless Job Run State Change', {}, true],
    ['EMR Serverless Job Run Retry', {}, true],
    ['EMR Serverless Job Resource Utilization Update', { resourceUtilizationFinal: true }, true],
    ['EMR Serverless Job Resource Utilization Update', { resourceUtilizationFinal: false }, false],
    ['EMR Serverless Application State Change', { state: 'STOPPED' }, true],
    ['EMR Serverless Application State Change', { state: 'STARTED' }, false],
  ])('hands "%s" %j to the door: %s', (type, detail, isHandedOn) => {
    const wanted = { source: 'aws.emr-serverless', 'detail-type': type, detail };
    expect(rulesOf('job-event').some((rule) => matchesPattern(rule, wanted))).toBe(isHandedOn);
  });

  it('hands on nothing that somebody else put on the bus under that name', () => {
    const forged = { source: 'my.app', 'detail-type': 'EMR Serverless Job Run State Change', detail: {} };
    expect(rulesOf('job-event').some((rule) => matchesPattern(rule, forged))).toBe(false);
  });

  it('gives a wake twelve tries, half an hour apart', () => {
    expect(queues.find(({ id }) => id === 'WakeQueue')).toEqual({
      id: 'WakeQueue',
      name: 'checkpilot-wake',
      isFifo: false,
      visibilityMs: 30 * 60_000,
      redrive: { deadLetters: 'WakeDeadLetters', receivesMax: 12 },
    });
  });
});
