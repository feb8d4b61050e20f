import { Logger } from '@aws-lambda-powertools/logger';
import type { Log } from '../control/ports.ts';
import { redactTexts } from '../core/failure/redact.ts';

/** Structured logs through Powertools, without secrets: errors quote requests and texts. The local stack asks for errors only, because its timeline speaks. */
export function powertoolsLogger(serviceName = 'checkpilot', logLevel?: 'ERROR' | 'SILENT'): Logger {
  return new Logger({ serviceName, jsonReplacerFn: redactTexts, ...(logLevel ? { logLevel } : {}) });
}

export function logPort(logger: Logger): Log {
  return {
    info: (message, data) => logger.info(message, { ...data }),
    warn: (message, data) => logger.warn(message, { ...data }),
    error: (message, data) => logger.error(message, { ...data }),
  };
}
