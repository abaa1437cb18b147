import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import type { ClientEvent } from '@paradesk/contracts/paradesk/identity/events/v1/clients';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, Outbox, pageQuery, pageResult, type Tx, violatedConstraint } from '@paradesk/platform';
import { And, Equal, In, MoreThan } from 'typeorm';
import { Client, type NewClient } from './client.entity.js';
import { toProto } from './client.message.js';
import { Contact, type NewContact } from './contact.entity.js';

@Injectable()
export class ClientsService {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly ids: Ids,
  ) {}

  async create(caller: Caller, newClient: NewClient): Promise<Client> {
    const created = this.database.transaction(caller, async (tx) => {
      const client = Client.create(tx.tenantId, this.ids.next(), newClient);
      await tx.insert(Client, client);
      await this.announce(tx, client, { $case: 'created', value: { client: toProto(client) } });
      return client;
    });
    return created.catch(refuseTakenCode);
  }

  async addContact(caller: Caller, clientId: string, newContact: NewContact): Promise<Client> {
    return this.database.transaction(caller, async (tx) => {
      const client = await this.lock(tx, clientId);
      const contact = client.addContact(this.ids.next(), newContact);
      await tx.insert(Contact, contact);
      await tx.save(client);
      await this.announce(tx, client, {
        $case: 'contactAdded',
        value: { client: toProto(client), contactId: contact.id },
      });
      return client;
    });
  }

  async get(caller: Caller, id: string): Promise<Client> {
    return this.database.transaction(caller, async (tx) => {
      const client = await tx.findOneBy(Client, { tenantId: tx.tenantId, id });
      if (!client) throw DomainError.notFound('client', id);
      return client.withContacts(await contactsOf(tx, [client]));
    });
  }

  /** Clients by code; only the one with the code where `code` is not empty. */
  async list(
    caller: Caller,
    page: PageRequest | undefined,
    code: string,
  ): Promise<{ items: Client[]; page: PageResult }> {
    const query = pageQuery(page, 'text');
    // No code has a NUL, and PostgreSQL takes none.
    if (query.after?.includes('\0'))
      throw DomainError.invalid('page.token', 'PAGE_TOKEN', 'is no token that a page gave');
    const bounds = [...(code ? [Equal(code)] : []), ...(query.after === undefined ? [] : [MoreThan(query.after)])];
    return this.database.transaction(caller, async (tx) => {
      const rows = await tx.find(Client, {
        where: { tenantId: tx.tenantId, ...(bounds.length > 0 && { code: And(...bounds) }) },
        order: { code: 'ASC' },
        take: query.size + 1,
      });
      const contacts = await contactsOf(tx, rows);
      return pageResult(
        rows.map((client) => client.withContacts(contacts)),
        query,
        (client) => client.code,
      );
    });
  }

  private async lock(tx: Tx, id: string): Promise<Client> {
    const client = await tx.findOne(Client, {
      where: { tenantId: tx.tenantId, id },
      lock: { mode: 'pessimistic_write' },
    });
    if (!client) throw DomainError.notFound('client', id);
    return client.withContacts(await contactsOf(tx, [client]));
  }

  private async announce(tx: Tx, client: Client, event: ClientEvent['event']): Promise<void> {
    await this.outbox.add(tx, {
      topic: topics.clients,
      aggregateId: client.id,
      aggregateVersion: client.version,
      event: { event },
    });
  }
}

async function contactsOf(tx: Tx, clients: readonly Client[]): Promise<Contact[]> {
  const clientId = In(clients.map((client) => client.id));
  return tx.find(Contact, { where: { tenantId: tx.tenantId, clientId }, order: { id: 'ASC' } });
}

function refuseTakenCode(error: unknown): never {
  if (violatedConstraint(error) !== 'clients_code') throw error;
  throw DomainError.conflict('CLIENT_CODE_TAKEN', 'another client of the tenant has this code');
}
