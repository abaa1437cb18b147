import { Controller } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { MatterEvent } from '@paradesk/contracts/paradesk/assignment/events/v1/matters';
import { keepMatterAccess, OnEvent, type ReceivedEvent, type Tx } from '@paradesk/platform';
import { MattersService } from './matters.service.js';

@Controller()
export class MattersConsumer {
  constructor(private readonly matters: MattersService) {}

  @OnEvent(topics.matters)
  async changed(tx: Tx, { payload }: ReceivedEvent<MatterEvent>): Promise<void> {
    const matter = payload.event?.value.matter;
    if (!matter) return;
    await keepMatterAccess(tx, matter, payload.walledPersonIds);
    await this.matters.keep(tx, matter);
  }
}
