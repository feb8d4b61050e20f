import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import { isMet, parseCondition } from '../../src/local/dynamodb/condition.ts';
import { parseItem } from '../../src/local/dynamodb/values.ts';
import { failureOf } from './clients.ts';
import { startDatabase, TableName } from './dynamodb-support.ts';

const item = parseItem({
  pk: { S: 'CHECKPOINT#s3://bucket/orders' },
  rev: { N: '10' },
  ratio: { N: '0.5' },
  big: { N: '9007199254740993' },
  isOpen: { BOOL: true },
  nothing: { NULL: true },
  lock: { M: { claim: { M: { id: { S: 'clm_1' } } } } },
});

const names = { '#lock': 'lock', '#claim': 'claim', '#owner': 'owner' };
const values = parseItem({
  ':nine': { N: '9' },
  ':ten': { N: '10.0' },
  ':hundred': { N: '1e2' },
  ':half': { N: '.50' },
  ':text': { S: '10' },
  ':id': { S: 'clm_1' },
  ':prefix': { S: 'CHECKPOINT#' },
  ':true': { BOOL: true },
  ':bigLess': { N: '9007199254740992' },
});

// Only the placeholders that the text uses, as the adapters send them.
function evaluate(text: string, subject: { item?: typeof item } = { item }): boolean {
  const isUsed = ([placeholder]: [string, unknown]) => new RegExp(`${placeholder}\\b`).test(text);
  const usedNames = Object.entries(names).filter(isUsed);
  const usedValues = Object.entries(values).filter(isUsed);
  const condition = parseCondition({
    ConditionExpression: text,
    ExpressionAttributeNames: usedNames.length > 0 ? Object.fromEntries(usedNames) : undefined,
    ExpressionAttributeValues: usedValues.length > 0 ? Object.fromEntries(usedValues) : undefined,
  });
  return isMet(condition, subject.item);
}

describe('conditions of the local DynamoDB', () => {
  it.each([
    ['attribute_exists(pk)', true],
    ['attribute_not_exists(pk)', false],
    ['attribute_exists(nothing)', true],
    ['attribute_exists(#lock.#claim.id)', true],
    ['attribute_exists(#lock.#claim.kind)', false],
    ['attribute_not_exists(#lock.stray.id)', true],
    ['attribute_exists(rev.deeper)', false],
    ['rev = :ten', true],
    ['rev <> :ten', false],
    ['rev > :nine', true],
    ['rev < :hundred', true],
    ['ratio = :half', true],
    ['big > :bigLess', true],
    ['rev = :text', false],
    ['rev <> :text', true],
    ['rev < :text', false],
    ['isOpen = :true', true],
    ['#lock.#claim.id = :id', true],
    [':id = #lock.claim.id', true],
    ['begins_with(pk, :prefix)', true],
    ['begins_with(rev, :prefix)', false],
    ['#owner = :id', false],
    ['#owner <> :id', true],
    ['#owner < :id', false],
    ['NOT rev = :ten', false],
    ['NOT NOT rev = :ten', true],
    ['rev = :ten OR rev = :nine AND rev = :hundred', true],
    ['(rev = :ten OR rev = :nine) AND rev = :hundred', false],
    ['rev = :nine or not (rev = :hundred and isOpen = :true)', true],
  ])('%s is %s', (text, expected) => {
    expect(evaluate(text)).toBe(expected);
  });

  it('takes an item that is not there for one without attributes', () => {
    expect(evaluate('attribute_not_exists(pk) OR rev = :ten', {})).toBe(true);
    expect(evaluate('attribute_exists(pk)', {})).toBe(false);
  });
});

describe('expressions that the local DynamoDB refuses', () => {
  it.each([
    ['rev = :ten)', 'Syntax error; token: ")", near: ":ten )"'],
    ['rev =', 'Syntax error; token: "<EOF>", near: "="'],
    ['rev :ten', 'Syntax error; token: ":ten", near: "rev :ten"'],
    ['', 'The expression can not be empty;'],
    ['((rev = :ten))', 'The expression has redundant parentheses;'],
    ['owner = :id', 'Attribute name is a reserved keyword; reserved keyword: owner'],
    [
      'rev = :none',
      'An expression attribute value used in expression is not defined; attribute value: :none',
    ],
    [
      '#none = :ten',
      'An expression attribute name used in the document path is not defined; attribute name: #none',
    ],
    [
      'rev < :true',
      'Incorrect operand type for operator or function; operator or function: <, operand type: BOOL',
    ],
    [
      'attribute_exists(:id)',
      'Operator or function requires a document path; operator or function: attribute_exists',
    ],
    ['starts(pk, :id)', 'Invalid function name; function: starts'],
    ['rev BETWEEN :nine AND :ten', 'the local server does not support BETWEEN'],
    ['contains(pk, :id)', 'the local server does not support the function contains'],
    ['pk[0] = :id', 'the local server does not support list indexes in paths'],
  ])('%s', (text, message) => {
    expect(() => evaluate(text)).toThrow(`Invalid ConditionExpression: ${message}`);
  });

  it.each([
    {
      case: 'an unused value',
      fields: {
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':a': { S: 'x' } },
      },
      message: 'Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}',
    },
    {
      case: 'an unused name',
      fields: { ConditionExpression: 'attribute_exists(pk)', ExpressionAttributeNames: { '#a': 'x' } },
      message: 'Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}',
    },
    {
      case: 'names without an expression',
      fields: { ExpressionAttributeNames: { '#a': 'x' } },
      message: 'ExpressionAttributeNames can only be specified when using expressions',
    },
    {
      case: 'an empty set of values',
      fields: { ConditionExpression: 'attribute_exists(pk)', ExpressionAttributeValues: {} },
      message: 'ExpressionAttributeValues must not be empty',
    },
  ])('$case', ({ fields, message }) => {
    expect(() => parseCondition(fields)).toThrow(message);
  });
});

describe('conditional writes in the local DynamoDB', () => {
  const Key = { pk: 'JOB#orders', sk: 'RECORD' };
  const ifVersion = (version: number) => ({
    ConditionExpression: 'version = :seen',
    ExpressionAttributeValues: { ':seen': version },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  });

  it('puts on the version it has seen, and only once', async () => {
    const { documents, put } = await startDatabase();
    await put({ ...Key, version: 1 });
    const next = new PutCommand({ TableName, Item: { ...Key, version: 2 }, ...ifVersion(1) });

    await documents.send(next);
    const failure = await failureOf(documents.send(next));

    expect(failure).toMatchObject({
      name: 'ConditionalCheckFailedException',
      message: 'The conditional request failed',
      // The document client leaves items inside errors as they came over the wire.
      Item: { pk: { S: Key.pk }, sk: { S: Key.sk }, version: { N: '2' } },
    });
  });

  it('keeps the item when the condition of a delete fails', async () => {
    const { documents, put } = await startDatabase();
    await put({ ...Key, version: 1 });

    const failure = await failureOf(documents.send(new DeleteCommand({ TableName, Key, ...ifVersion(5) })));

    expect(failure.name).toBe('ConditionalCheckFailedException');
    expect((await documents.send(new GetCommand({ TableName, Key }))).Item).toEqual({ ...Key, version: 1 });
  });
});
