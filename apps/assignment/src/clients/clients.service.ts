import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { type Client as ClientMessage, ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { Database, Peers, type Tx } from '@paradesk/platform';
import { Client } from './client.entity.js';

@Injectable()
export class ClientsService {
  constructor(
    private readonly database: Database,
    private readonly peers: Peers,
  ) {}

  /**
   * Makes sure that a client is there, asking identity where its event has not come yet. Call it before the command's transaction.
   *
   * @throws DomainError not-found CLIENT_NOT_FOUND
   */
  async require(caller: Caller, id: string): Promise<void> {
    const known = await this.database.beside(caller, (tx) => tx.existsBy(Client, { tenantId: tx.tenantId, id }));
    if (known) return;
    const client = await this.peers
      .client('identity', ClientsServiceService)
      .getClient({ clientId: id }, { tenantId: caller.tenantId });
    await this.database.beside(caller, (tx) => this.keep(tx, client));
  }

  /** Keeps what identity says of a client, unless something newer is known. */
  async keep(tx: Tx, { id, version }: ClientMessage): Promise<void> {
    await tx.query(
      `insert into clients as known (tenant_id, id, version) values ($1, $2, $3)
       on conflict (tenant_id, id) do update set version = excluded.version where excluded.version > known.version`,
      [tx.tenantId, id, version],
    );
  }
}
