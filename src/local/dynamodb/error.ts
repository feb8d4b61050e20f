import { WireError } from '../json-protocol.ts';

export function validationError(message: string): WireError {
  return new WireError('ValidationException', message);
}

/** `item` is the one that failed the condition, when the caller asked to see it. */
export function conditionFailed(item: unknown): WireError {
  return new WireError('ConditionalCheckFailedException', 'The conditional request failed', {
    fields: item === undefined ? {} : { Item: item },
  });
}
