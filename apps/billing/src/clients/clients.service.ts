import { Injectable } from '@nestjs/common';
import { ClientsServiceService, type Client as ClientMessage } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { DomainError } from '@paradesk/kernel';
import { Database, Peers, type TenantScope, type Tx } from '@paradesk/platform';
import { Client } from './client.entity.js';

@Injectable()
export class ClientsService {
  constructor(
    private readonly database: Database,
    private readonly peers: Peers,
  ) {}

  /** Makes sure that the client is known, asking its owner if need be. Before a transaction, never inside. */
  async require({ tenantId }: TenantScope, id: string): Promise<Client> {
    const known = await this.database.beside({ tenantId }, (tx) => find(tx, id));
    if (known) return known;
    const client = await this.peers.client('identity', ClientsServiceService).getClient({ clientId: id }, { tenantId });
    return this.database.beside({ tenantId }, async (tx) => {
      await this.keep(tx, client);
      return this.get(tx, id);
    });
  }

  /** @throws DomainError not-found CLIENT_NOT_FOUND */
  async get(tx: Tx, id: string): Promise<Client> {
    const client = await find(tx, id);
    if (!client) throw DomainError.notFound('client', id);
    return client;
  }

  /** Keeps a copy, unless a later one is there. */
  async keep(tx: Tx, client: ClientMessage): Promise<void> {
    await tx.query(
      `insert into clients (tenant_id, id, code, name, address_lines, version) values ($1, $2, $3, $4, $5, $6)
       on conflict (tenant_id, id) do update set code = excluded.code, name = excluded.name,
         address_lines = excluded.address_lines, version = excluded.version
       where excluded.version > clients.version`,
      [tx.tenantId, client.id, client.code, client.name, client.addressLines, client.version],
    );
  }
}

function find(tx: Tx, id: string): Promise<Client | null> {
  return tx.findOne(Client, { where: { tenantId: tx.tenantId, id } });
}
