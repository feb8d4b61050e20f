import { validationError } from './error.ts';
import type { Placeholders } from './placeholders.ts';
import { isReservedWord } from './reserved-words.ts';
import { type AttributeValue, typeOf } from './values.ts';

export type Operand = { kind: 'path'; path: string[] } | { kind: 'value'; value: AttributeValue };

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type Condition =
  | { kind: 'compare'; operator: Comparator; left: Operand; right: Operand }
  | { kind: 'exists'; path: string[]; isExpected: boolean }
  | { kind: 'begins-with'; operand: Operand; prefix: Operand }
  | { kind: 'and' | 'or'; left: Condition; right: Condition }
  | { kind: 'not'; inner: Condition };

/** The request parameter the text came from; AWS names it in its messages. */
export type ExpressionSource = 'ConditionExpression' | 'KeyConditionExpression';

/**
 * Parses comparisons, `attribute_exists`, `attribute_not_exists`, `begins_with`, `AND`, `OR`, `NOT` and
 * parentheses. Placeholders are resolved on the way. Anything else is a ValidationException that says what.
 */
export function parseExpression(
  text: string,
  source: ExpressionSource,
  placeholders: Placeholders,
): Condition {
  return new Parser(tokenize(text, source), source, placeholders).parse();
}

const comparators: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);
const orderedTypes: ReadonlySet<string> = new Set(['S', 'N', 'B']);
const unsupportedFunctions: ReadonlySet<string> = new Set(['attribute_type', 'contains', 'size']);
const endToken = '<EOF>';

function tokenize(text: string, source: ExpressionSource): string[] {
  const tokens = text.match(/<>|<=|>=|[#:]?[A-Za-z0-9_]+|\S/g);
  if (tokens === null) throw validationError(`Invalid ${source}: The expression can not be empty;`);
  return tokens;
}

class Parser {
  readonly #tokens: string[];
  readonly #source: ExpressionSource;
  readonly #placeholders: Placeholders;
  #position = 0;
  #lastGroup = { open: -1, close: -1 };

  constructor(tokens: string[], source: ExpressionSource, placeholders: Placeholders) {
    this.#tokens = tokens;
    this.#source = source;
    this.#placeholders = placeholders;
  }

  parse(): Condition {
    const condition = this.#or();
    if (this.#peek() !== endToken) throw this.#syntaxError();
    return condition;
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#takeKeyword('OR')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#takeKeyword('AND')) left = { kind: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Condition {
    if (this.#takeKeyword('NOT')) return { kind: 'not', inner: this.#not() };
    if (this.#peek() === '(') return this.#group();
    if (this.#peek(1) === '(') return this.#call();
    return this.#comparison();
  }

  #group(): Condition {
    const open = this.#position;
    this.#expect('(');
    const inner = this.#or();
    if (this.#lastGroup.open === open + 1 && this.#lastGroup.close === this.#position - 1) {
      throw this.#invalid('The expression has redundant parentheses;');
    }
    this.#lastGroup = { open, close: this.#position };
    this.#expect(')');
    return inner;
  }

  #call(): Condition {
    const name = this.#next();
    if (unsupportedFunctions.has(name))
      throw this.#invalid(`the local server does not support the function ${name}`);
    if (name !== 'attribute_exists' && name !== 'attribute_not_exists' && name !== 'begins_with') {
      throw this.#invalid(`Invalid function name; function: ${name}`);
    }
    this.#expect('(');
    const operand = this.#operand();
    if (name === 'begins_with') {
      this.#expect(',');
      const prefix = this.#operand();
      this.#expect(')');
      this.#checkType(prefix, 'begins_with', new Set(['S', 'B']));
      return { kind: 'begins-with', operand, prefix };
    }
    this.#expect(')');
    if (operand.kind === 'path')
      return { kind: 'exists', path: operand.path, isExpected: name === 'attribute_exists' };
    throw this.#invalid(`Operator or function requires a document path; operator or function: ${name}`);
  }

  #comparison(): Condition {
    const left = this.#operand();
    const operator = this.#peek();
    if (/^(between|in)$/i.test(operator)) {
      throw this.#invalid(`the local server does not support ${operator.toUpperCase()}`);
    }
    if (!isComparator(operator)) throw this.#syntaxError();
    this.#position += 1;
    const right = this.#operand();
    if (operator !== '=' && operator !== '<>') {
      this.#checkType(left, operator, orderedTypes);
      this.#checkType(right, operator, orderedTypes);
    }
    return { kind: 'compare', operator, left, right };
  }

  #operand(): Operand {
    if (!this.#peek().startsWith(':')) return { kind: 'path', path: this.#path() };
    const value = this.#placeholders.value(this.#next());
    if (value.ok) return { kind: 'value', value: value.value };
    throw this.#invalid(
      `An expression attribute value used in expression is not defined; attribute value: ${value.placeholder}`,
    );
  }

  #path(): string[] {
    const path = [this.#pathElement()];
    while (this.#peek() === '.') {
      this.#position += 1;
      path.push(this.#pathElement());
    }
    if (this.#peek() === '[') throw this.#invalid('the local server does not support list indexes in paths');
    return path;
  }

  #pathElement(): string {
    const token = this.#peek();
    if (/^#\w+$/.test(token)) {
      this.#position += 1;
      const name = this.#placeholders.name(token);
      if (name !== undefined) return name;
      throw this.#invalid(
        `An expression attribute name used in the document path is not defined; attribute name: ${token}`,
      );
    }
    if (!/^[A-Za-z_]\w*$/.test(token)) throw this.#syntaxError();
    if (isReservedWord(token)) {
      throw this.#invalid(`Attribute name is a reserved keyword; reserved keyword: ${token}`);
    }
    this.#position += 1;
    return token;
  }

  #checkType(operand: Operand, operator: string, allowed: ReadonlySet<string>): void {
    if (operand.kind === 'path' || allowed.has(typeOf(operand.value))) return;
    throw this.#invalid(
      `Incorrect operand type for operator or function; operator or function: ${operator}, ` +
        `operand type: ${typeOf(operand.value)}`,
    );
  }

  #peek(ahead = 0): string {
    return this.#tokens[this.#position + ahead] ?? endToken;
  }

  #next(): string {
    const token = this.#peek();
    this.#position += 1;
    return token;
  }

  #takeKeyword(keyword: string): boolean {
    if (this.#peek().toUpperCase() !== keyword) return false;
    this.#position += 1;
    return true;
  }

  #expect(token: string): void {
    if (this.#peek() !== token) throw this.#syntaxError();
    this.#position += 1;
  }

  #syntaxError() {
    const near = this.#tokens.slice(Math.max(0, this.#position - 1), this.#position + 2).join(' ');
    return this.#invalid(`Syntax error; token: "${this.#peek()}", near: "${near}"`);
  }

  #invalid(message: string) {
    return validationError(`Invalid ${this.#source}: ${message}`);
  }
}

function isComparator(token: string): token is Comparator {
  return comparators.has(token);
}
