import {
  type Client as ClientMessage,
  ClientKind,
  ContactPurpose,
} from '@paradesk/contracts/paradesk/identity/v1/clients';
import type { Client } from './client.entity.js';

/** A client as answers and events carry it. */
export function toProto(client: Client): ClientMessage {
  return {
    id: client.id,
    code: client.code,
    name: client.name,
    kind: ClientKind[client.kind],
    addressLines: [...client.addressLines],
    contacts: client.contacts.map(({ id, name, email, purpose }) => ({
      id,
      name,
      email,
      purpose: ContactPurpose[purpose],
    })),
    version: client.version,
  };
}
