import { Controller } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { MatterEvent } from '@paradesk/contracts/paradesk/assignment/events/v1/matters';
import { keepMatterAccess, OnEvent, type ReceivedEvent, type Tx } from '@paradesk/platform';

/** Of matters communications knows who is near them, for what is shown of messages about them. */
@Controller()
export class MattersConsumer {
  @OnEvent(topics.matters)
  async changed(tx: Tx, { payload }: ReceivedEvent<MatterEvent>): Promise<void> {
    const matter = payload.event?.value.matter;
    if (matter) await keepMatterAccess(tx, matter, payload.walledPersonIds);
  }
}
