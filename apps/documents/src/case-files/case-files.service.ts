import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import {
  type Matter as MatterMessage,
  MattersServiceService,
} from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { type Client as ClientMessage, ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { DomainError } from '@paradesk/kernel';
import { Database, keepMatterAccess, Peers, type Tx } from '@paradesk/platform';
import { In } from 'typeorm';
import { Client } from './client.entity.js';
import { Matter } from './matter.entity.js';

/** Whose case file: a client's, or one matter's of it. */
export interface CaseFile {
  readonly clientId: string;
  readonly matterId: string | null;
}

@Injectable()
export class CaseFilesService {
  constructor(
    private readonly database: Database,
    private readonly peers: Peers,
  ) {}

  /**
   * Makes sure that a case file is there, asking the owners where their events have not come yet. Call it before the command's
   * transaction.
   *
   * @param toldOf matters that a file of the client as a whole tells of; those that a service names are not asked for
   * @throws DomainError not-found CLIENT_NOT_FOUND or MATTER_NOT_FOUND; invalid NOT_THE_CLIENTS_MATTER
   */
  async require(caller: Caller, { clientId, matterId }: CaseFile, toldOf: readonly string[]): Promise<void> {
    await this.requireClient(caller, clientId);
    if (matterId !== null) await this.requireOfClient(caller, clientId, 'matterId', matterId);
    if (caller.role === Role.SERVICE || toldOf.length === 0) return;
    const known = await this.database.beside(caller, (tx) =>
      tx.findBy(Matter, { tenantId: tx.tenantId, clientId, id: In([...toldOf]) }),
    );
    const knownIds = new Set(known.map(({ id }) => id));
    for (const id of toldOf)
      if (!knownIds.has(id.toLowerCase())) await this.requireOfClient(caller, clientId, 'matterIds', id);
  }

  /** Keeps what identity says of a client, unless something newer is known. */
  async keepClient(tx: Tx, { id, version }: ClientMessage): Promise<void> {
    await tx.query(
      `insert into clients as known (tenant_id, id, version) values ($1, $2, $3)
       on conflict (tenant_id, id) do update set version = excluded.version where excluded.version > known.version`,
      [tx.tenantId, id, version],
    );
  }

  /** Keeps what assignment says of a matter, unless something newer is known. */
  async keepMatter(tx: Tx, { id, clientId, version }: MatterMessage): Promise<void> {
    await tx.query(
      `insert into matters as known (tenant_id, id, client_id, version) values ($1, $2, $3, $4)
       on conflict (tenant_id, id) do update set version = excluded.version where excluded.version > known.version`,
      [tx.tenantId, id, clientId, version],
    );
  }

  private async requireOfClient(caller: Caller, clientId: string, field: string, matterId: string): Promise<void> {
    const owner = await this.clientOfMatter(caller, matterId);
    if (owner !== clientId) throw DomainError.invalid(field, 'NOT_THE_CLIENTS_MATTER', 'is a matter of another client');
  }

  private async requireClient({ tenantId }: Caller, id: string): Promise<void> {
    const known = await this.database.beside({ tenantId }, (tx) => tx.existsBy(Client, { tenantId, id }));
    if (known) return;
    const client = await this.peers.client('identity', ClientsServiceService).getClient({ clientId: id }, { tenantId });
    await this.database.beside({ tenantId }, (tx) => this.keepClient(tx, client));
  }

  /**
   * The client whose matter it is, asking its owner where it is not known here. Call it before the command's transaction.
   *
   * @throws DomainError not-found MATTER_NOT_FOUND, of one that the caller does not see too: it takes the same way
   */
  async clientOfMatter(caller: Caller, id: string): Promise<string> {
    const { tenantId } = caller;
    const known = () => this.database.beside(caller, (tx) => tx.findOneBy(Matter, { tenantId, id }));
    const before = await known();
    if (before) return before.clientId;
    const { matter, walledPersonIds } = await this.peers
      .client('assignment', MattersServiceService)
      .getMatterState({ matterId: id }, { tenantId });
    if (matter)
      await this.database.beside({ tenantId }, async (tx) => {
        await keepMatterAccess(tx, matter, walledPersonIds);
        await this.keepMatter(tx, matter);
      });
    const seen = await known();
    if (!seen) throw DomainError.notFound('matter', id);
    return seen.clientId;
  }
}
