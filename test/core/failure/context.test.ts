import { describe, expect, it } from 'vitest';
import { classify, type FailureContext } from '../../../src/core/failure/classify.ts';

function judge(text: string, context: FailureContext) {
  return classify({ state: 'FAILED', text, context });
}

describe('failures at one batch', () => {
  it('stop after the second one when nobody knows why', () => {
    const text = 'Job failed. ExitCode: 1.';
    expect(judge(text, { sameBatchFailures: 1 }).action).toBe('restart-with-backoff');
    expect(judge(text, { sameBatchFailures: 2 })).toMatchObject({
      class: 'unknown',
      action: 'stop-and-page',
    });
  });

  it('have the restarts of their class when it passes, and no more', () => {
    const text = 'AmazonS3Exception: Slow Down';
    expect(judge(text, { sameBatchFailures: 5 }).action).toBe('restart-with-backoff');
    expect(judge(text, { sameBatchFailures: 6 })).toMatchObject({
      class: 'throttled',
      action: 'stop-and-page',
    });
  });

  it('grow the workers twice when memory ran out', () => {
    const text = 'java.lang.OutOfMemoryError: Java heap space';
    expect(judge(text, { sameBatchFailures: 2 }).action).toBe('restart-with-more-memory');
    expect(judge(text, { sameBatchFailures: 3 }).action).toBe('stop-and-page');
  });

  it('go on waiting where there is no room', () => {
    const text = 'Job failed as application has exceeded maximumCapacity settings.';
    expect(judge(text, { sameBatchFailures: 30 }).action).toBe('wait-for-capacity');
  });
});

describe('a log that cannot be read', () => {
  it('is damage, unless another version was deployed after the last commit', () => {
    const text = 'detect corrupt progress tracking file';
    expect(judge(text, {}).class).toBe('checkpoint-corrupt');
    expect(judge(text, { deployedSinceLastCommit: true })).toMatchObject({
      class: 'checkpoint-incompatible',
      action: 'stop-and-page-data-risk',
    });
  });
});
