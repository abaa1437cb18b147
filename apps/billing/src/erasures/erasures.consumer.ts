import { Controller } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { ErasureEvent } from '@paradesk/contracts/paradesk/documents/events/v1/erasures';
import { erasing, OnEvent, type ReceivedEvent, type Tx } from '@paradesk/platform';

/**
 * When a matter is erased, billing erases what is in no books: words of work that was discarded, and timers that have ended.
 *
 * Invoices, and work that is on one or may still come onto one, stay: tax and accounting law has them kept for years after a matter ends.
 */
@Controller()
export class ErasuresConsumer {
  @OnEvent(topics.erasures)
  async matterErased(tx: Tx, { payload }: ReceivedEvent<ErasureEvent>): Promise<void> {
    const matterId = payload.event?.value.matterId;
    if (matterId === undefined) return;
    const matter = [tx.tenantId, matterId];
    await erasing(tx, async () => {
      await tx.query('delete from timers where tenant_id = $1 and matter_id = $2 and stopped_at is not null', matter);
      for (const table of ['time_entries', 'expenses', 'adjustments'])
        await tx.query(
          `update ${table} set narrative = '' where tenant_id = $1 and matter_id = $2 and status = 'discarded'`,
          matter,
        );
    });
  }
}
