import { Controller } from '@nestjs/common';
import {
  type AddContactRequest,
  ClientKind,
  ClientsServiceControllerMethods,
  type ClientsServiceController,
  ContactPurpose,
  type CreateClientRequest,
  type GetClientRequest,
  type ListClientsRequest,
} from '@paradesk/contracts/paradesk/identity/v1/clients';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import type { NewClient } from './client.entity.js';
import { toProto } from './client.message.js';
import { ClientsService } from './clients.service.js';
import type { NewContact } from './contact.entity.js';

@Controller()
@ClientsServiceControllerMethods()
export class ClientsController implements ClientsServiceController {
  constructor(private readonly clients: ClientsService) {}

  createClient(request: CreateClientRequest, metadata: CallMetadata) {
    return this.clients.create(callerOf(metadata), toNewClient(request)).then(toProto);
  }

  getClient(request: GetClientRequest, metadata: CallMetadata) {
    return this.clients.get(callerOf(metadata), request.clientId).then(toProto);
  }

  listClients({ page, code }: ListClientsRequest, metadata: CallMetadata) {
    return this.clients
      .list(callerOf(metadata), page, code)
      .then((list) => ({ clients: list.items.map(toProto), page: list.page }));
  }

  addContact(request: AddContactRequest, metadata: CallMetadata) {
    return this.clients.addContact(callerOf(metadata), request.clientId, toNewContact(request)).then(toProto);
  }
}

// The contracts' field rules let only stated, known kinds and purposes through.
function toNewClient({ code, name, kind, addressLines }: CreateClientRequest): NewClient {
  return { code, name, kind: ClientKind[kind] as NewClient['kind'], addressLines };
}

function toNewContact({ name, email, purpose }: AddContactRequest): NewContact {
  return { name, email, purpose: ContactPurpose[purpose] as NewContact['purpose'] };
}
