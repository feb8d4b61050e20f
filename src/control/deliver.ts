import { as, keys } from './items.ts';
import type { Ports } from './ports.ts';

/** Notices tried by one pass, oldest first: those that nobody takes must not stand in the way of the others. */
const noticesPerPass = 100;

/**
 * Tells people what is in the outbox: at least once, oldest first, never in the way of a command. A row leaves
 * the outbox only after its receiver took it.
 */
export async function deliverOutbox(ports: Ports, { olderThanMs = 0 } = {}): Promise<number> {
  const rows = await ports.store.list(keys.outbox, { limit: noticesPerPass });
  if (!rows.ok) return 0;
  let delivered = 0;
  for (const row of rows.value) {
    const item = as('outbox', row);
    if (!item || ports.clock.now() - item.notice.atMs < olderThanMs) continue;
    const answer = await ports.receiver.deliver(item.notice);
    if (!answer.ok) {
      ports.log.warn('notice not delivered', {
        notice: item.notice.id,
        code: answer.code,
        why: answer.message,
      });
      continue;
    }
    await ports.store.commit([{ delete: { pk: item.pk, sk: item.sk }, seenRev: 'any' }]);
    delivered += 1;
  }
  return delivered;
}
