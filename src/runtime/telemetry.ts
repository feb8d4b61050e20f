import { Logger } from '@aws-lambda-powertools/logger';
import type { Log, Receiver } from '../control/ports.ts';

/** Structured logs through Powertools. The local stack asks for errors only, because its timeline speaks. */
export function powertoolsLogger(serviceName = 'checkpilot', logLevel?: 'ERROR' | 'SILENT'): Logger {
  return new Logger({ serviceName, ...(logLevel ? { logLevel } : {}) });
}

export function logPort(logger: Logger): Log {
  return {
    info: (message, data) => logger.info(message, { ...data }),
    warn: (message, data) => logger.warn(message, { ...data }),
    error: (message, data) => logger.error(message, { ...data }),
  };
}

/** Notices as structured log lines: what CloudWatch keeps is never lost, and log filters can page on it. */
export function logReceiver(log: Log): Receiver {
  return {
    async deliver(notice) {
      const write = notice.severity === 'info' ? log.info : log.warn;
      write('notice', { ...notice });
      return { ok: true, value: undefined };
    },
  };
}
