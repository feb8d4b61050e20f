import { describe, expect, it } from 'vitest';
import { readSettings } from '../../src/runtime/settings.ts';

const complete = {
  AWS_REGION: 'us-east-1',
  CHECKPILOT_TABLE: 'checkpilot',
  CHECKPILOT_CONTROL_BUCKET: 'control',
  CHECKPILOT_WAKE_QUEUE_URL: 'https://sqs/wake',
  CHECKPILOT_RELEASE_QUEUE_URL: 'https://sqs/release.fifo',
  CHECKPILOT_NOTIFY_QUEUE_URL: 'https://sqs/notify.fifo',
};

describe('settings', () => {
  it('let nothing be sent unless the stack says so', () => {
    expect(readSettings(complete)).toMatchObject({ act: 'none', table: 'checkpilot' });
    expect(readSettings({ ...complete, CHECKPILOT_ACT: 'restart' }).act).toBe('restart');
  });

  it('name everything that is missing or wrong in one error', () => {
    expect(() => readSettings({ CHECKPILOT_ACT: 'yes', CHECKPILOT_TABLE: '' })).toThrow(
      'Checkpilot cannot start: CHECKPILOT_ACT is "yes", allowed are none, restart and all; AWS_REGION is not set; CHECKPILOT_TABLE is not set; CHECKPILOT_CONTROL_BUCKET is not set; CHECKPILOT_WAKE_QUEUE_URL is not set; CHECKPILOT_RELEASE_QUEUE_URL is not set; CHECKPILOT_NOTIFY_QUEUE_URL is not set.',
    );
  });
});
