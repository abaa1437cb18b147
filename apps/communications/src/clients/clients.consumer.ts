import { Controller } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { ClientEvent } from '@paradesk/contracts/paradesk/identity/events/v1/clients';
import { OnEvent, type ReceivedEvent, type Tx } from '@paradesk/platform';
import { MessagesService } from '../messages/messages.service.js';
import { ContactsService } from './contacts.service.js';

@Controller()
export class ClientsConsumer {
  constructor(
    private readonly contacts: ContactsService,
    private readonly messages: MessagesService,
  ) {}

  @OnEvent(topics.clients)
  async changed(tx: Tx, { payload }: ReceivedEvent<ClientEvent>): Promise<void> {
    const client = payload.event?.value.client;
    if (!client) return;
    await this.contacts.keep(tx, client);
    await this.messages.onContactsChanged(tx, client.id);
  }
}
