import { Injectable } from '@nestjs/common';
import { type Client as ClientMessage, ContactPurpose } from '@paradesk/contracts/paradesk/identity/v1/clients';
import type { Tx } from '@paradesk/platform';
import { Contact } from './contact.entity.js';

@Injectable()
export class ContactsService {
  /** The client's first billing contact; null where none is known (yet). */
  async billingContact(tx: Tx, clientId: string): Promise<Contact | null> {
    return tx.findOne(Contact, {
      where: { tenantId: tx.tenantId, clientId, purpose: 'BILLING' },
      order: { id: 'ASC' },
    });
  }

  /** Keeps the contacts that identity names. Contacts are only ever added, so an old event takes nothing away. */
  async keep(tx: Tx, client: ClientMessage): Promise<void> {
    for (const { id, name, email, purpose } of client.contacts) {
      await tx.query(
        `insert into contacts (tenant_id, id, client_id, name, email, purpose) values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, id) do nothing`,
        [tx.tenantId, id, client.id, name, email, ContactPurpose[purpose]],
      );
    }
  }
}
