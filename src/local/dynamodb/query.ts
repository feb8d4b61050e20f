import { beginsWith, holds } from './condition.ts';
import { validationError } from './error.ts';
import { type Comparator, type Condition, parseExpression } from './expression.ts';
import { Placeholders } from './placeholders.ts';
import type { QueryInput } from './requests.ts';
import { type IndexSchema, type KeySchema, pick, type Table } from './table.ts';
import { type AttributeValue, type Item, itemSizeBytes } from './values.ts';

// One page is at most 1 MB: the DynamoDB API reference, Query.
const pageBytesMax = 1024 * 1024;

export interface QueryOutput {
  Items: Item[];
  Count: number;
  ScannedCount: number;
  LastEvaluatedKey?: Item;
}

/** One page of one partition of the table or of an index. */
export function runQuery(table: Table, input: QueryInput): QueryOutput {
  const index = input.IndexName === undefined ? undefined : table.index(input.IndexName);
  if (index && input.ConsistentRead === true) {
    throw validationError('Consistent reads are not supported on global secondary indexes');
  }
  const schema = index ?? table.schema;
  const wanted = parseKeyCondition(input, schema);
  const start = input.ExclusiveStartKey;
  if (start) checkStartKey(table, index, start);

  const direction = input.ScanIndexForward === false ? -1 : 1;
  const matching = table
    .partition(index, wanted.hash)
    .filter((item) => wanted.accepts(item) && (!start || table.compare(schema, item, start) * direction > 0));
  if (direction === -1) matching.reverse();

  const page = takePage(matching, input.Limit ?? matching.length + 1);
  const last = page.at(-1);
  const items = index?.projection === 'KEYS_ONLY' ? page.map((item) => positionOf(table, index, item)) : page;
  const output: QueryOutput = { Items: items, Count: items.length, ScannedCount: items.length };
  // As in AWS, a page that is exactly full has a LastEvaluatedKey even when nothing follows.
  const isCut = page.length < matching.length || page.length === input.Limit;
  if (last && isCut) output.LastEvaluatedKey = positionOf(table, index, last);
  return output;
}

// Reading stops behind the item that fills the page, so that one item always fits.
function takePage(items: Item[], limit: number): Item[] {
  let sizeBytes = 0;
  const cut = items.findIndex((item, position) => {
    sizeBytes += itemSizeBytes(item);
    return position + 1 >= limit || sizeBytes >= pageBytesMax;
  });
  return cut === -1 ? items : items.slice(0, cut + 1);
}

function positionOf(table: Table, index: IndexSchema | undefined, item: Item): Item {
  return { ...(index ? pick(item, [index.hash, index.range]) : {}), ...table.keyOf(item) };
}

function checkStartKey(table: Table, index: IndexSchema | undefined, start: Item): void {
  const position = positionOf(table, index, start);
  const names = new Set([table.schema.hash, table.schema.range, ...(index ? [index.hash, index.range] : [])]);
  if (Object.keys(start).length === names.size && Object.keys(position).length === names.size) return;
  throw validationError('The provided starting key is invalid');
}

interface KeyCondition {
  hash: string;
  accepts(item: Item): boolean;
}

interface KeyTest {
  name: string;
  operator: Comparator | 'begins_with';
  value: AttributeValue;
}

function parseKeyCondition(input: QueryInput, schema: KeySchema): KeyCondition {
  const placeholders = new Placeholders({
    names: input.ExpressionAttributeNames,
    values: input.ExpressionAttributeValues,
    hasExpression: true,
  });
  const condition = parseExpression(input.KeyConditionExpression, 'KeyConditionExpression', placeholders);
  placeholders.assertAllUsed();

  const tests = keyTests(condition);
  const hashTest = tests.find((test) => test.name === schema.hash && test.operator === '=');
  if (hashTest === undefined) {
    throw validationError(`Query condition missed key schema element: ${schema.hash}`);
  }
  const rangeTests = tests.filter((test) => test !== hashTest);
  const stranger = rangeTests.find((test) => test.name !== schema.range);
  if (stranger) throw validationError('Query key condition not supported');
  if (rangeTests.length > 1) {
    throw validationError(
      'Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key',
    );
  }
  const [rangeTest] = rangeTests;
  checkType(hashTest, 'S');
  if (rangeTest) checkType(rangeTest, schema.rangeType);
  return {
    hash: 'S' in hashTest.value ? hashTest.value.S : '',
    accepts: (item) => rangeTest === undefined || passes(rangeTest, item[schema.range]),
  };
}

function keyTests(condition: Condition): KeyTest[] {
  if (condition.kind === 'and') return [...keyTests(condition.left), ...keyTests(condition.right)];
  if (condition.kind === 'begins-with') {
    const { operand, prefix } = condition;
    if (operand.kind === 'path' && prefix.kind === 'value') {
      return [{ name: operand.path.join('.'), operator: 'begins_with', value: prefix.value }];
    }
  }
  if (condition.kind === 'compare' && condition.operator !== '<>') {
    const { left, right, operator } = condition;
    if (left.kind === 'path' && right.kind === 'value') {
      return [{ name: left.path.join('.'), operator, value: right.value }];
    }
  }
  throw validationError('Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression');
}

function checkType(test: KeyTest, type: string): void {
  if (type in test.value) return;
  throw validationError(
    'One or more parameter values were invalid: Condition parameter type does not match schema type',
  );
}

function passes(test: KeyTest, value: AttributeValue | undefined): boolean {
  if (test.operator === 'begins_with') return beginsWith(value, test.value);
  return holds(test.operator, value, test.value);
}
