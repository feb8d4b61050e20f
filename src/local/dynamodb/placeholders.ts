import { validationError } from './error.ts';
import type { AttributeValue, Item } from './values.ts';

/** The `#names` and `:values` of one request. Each must be used, as in AWS. */
export class Placeholders {
  readonly #names: Record<string, string>;
  readonly #values: Item;
  readonly #used = new Set<string>();

  /** Throws when a set is there but empty, or when there is no expression that could use it. */
  constructor(options: PlaceholderOptions) {
    checkPresence('ExpressionAttributeNames', options.names, options.hasExpression);
    checkPresence('ExpressionAttributeValues', options.values, options.hasExpression);
    this.#names = options.names ?? {};
    this.#values = options.values ?? {};
  }

  name(placeholder: string): string | undefined {
    this.#used.add(placeholder);
    return Object.hasOwn(this.#names, placeholder) ? this.#names[placeholder] : undefined;
  }

  value(placeholder: string): { ok: true; value: AttributeValue } | { ok: false; placeholder: string } {
    this.#used.add(placeholder);
    const value = Object.hasOwn(this.#values, placeholder) ? this.#values[placeholder] : undefined;
    return value === undefined ? { ok: false, placeholder } : { ok: true, value };
  }

  /** To be called when every expression of the request has been parsed. */
  assertAllUsed(): void {
    this.#assertUsed('ExpressionAttributeNames', Object.keys(this.#names));
    this.#assertUsed('ExpressionAttributeValues', Object.keys(this.#values));
  }

  #assertUsed(parameter: string, placeholders: string[]): void {
    const unused = placeholders.filter((placeholder) => !this.#used.has(placeholder));
    if (unused.length === 0) return;
    throw validationError(
      `Value provided in ${parameter} unused in expressions: keys: {${unused.join(', ')}}`,
    );
  }
}

export interface PlaceholderOptions {
  names: Record<string, string> | undefined;
  values: Item | undefined;
  hasExpression: boolean;
}

function checkPresence(parameter: string, placeholders: object | undefined, hasExpression: boolean): void {
  if (placeholders === undefined) return;
  if (!hasExpression) throw validationError(`${parameter} can only be specified when using expressions`);
  if (Object.keys(placeholders).length === 0) throw validationError(`${parameter} must not be empty`);
}
