import { Controller } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { ClientEvent } from '@paradesk/contracts/paradesk/identity/events/v1/clients';
import { OnEvent, type ReceivedEvent, type Tx } from '@paradesk/platform';
import { ClientsService } from './clients.service.js';

@Controller()
export class ClientsConsumer {
  constructor(private readonly clients: ClientsService) {}

  @OnEvent(topics.clients)
  async changed(tx: Tx, { payload }: ReceivedEvent<ClientEvent>): Promise<void> {
    const client = payload.event?.value.client;
    if (client) await this.clients.keep(tx, client);
  }
}
