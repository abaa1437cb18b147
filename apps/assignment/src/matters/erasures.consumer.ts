import { Controller } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { ErasureEvent } from '@paradesk/contracts/paradesk/documents/events/v1/erasures';
import { erasing, OnEvent, type ReceivedEvent, type Tx } from '@paradesk/platform';
import { MatterChanges } from './matter-changes.js';
import { toProto } from './matter.message.js';

/** When a matter is erased, what was asked for on it is erased too. */
@Controller()
export class ErasuresConsumer {
  constructor(private readonly changes: MatterChanges) {}

  @OnEvent(topics.erasures)
  async matterErased(tx: Tx, { payload }: ReceivedEvent<ErasureEvent>): Promise<void> {
    const matterId = payload.event?.value.matterId;
    if (matterId === undefined) return;
    const matter = await this.changes.lock(tx, matterId);
    matter.erase();
    await erasing(tx, () => this.changes.keep(tx, matter, { $case: 'erased', value: { matter: toProto(matter) } }));
  }
}
