import { Injectable } from '@nestjs/common';
import {
  MattersServiceService,
  type Matter as MatterMessage,
} from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { DomainError } from '@paradesk/kernel';
import { Database, Peers, type TenantScope, type Tx } from '@paradesk/platform';
import { Matter } from './matter.entity.js';

@Injectable()
export class MattersService {
  constructor(
    private readonly database: Database,
    private readonly peers: Peers,
  ) {}

  /** Makes sure that the matter is known, asking its owner if need be. Before a transaction, never inside. */
  async require({ tenantId }: TenantScope, id: string): Promise<Matter> {
    const known = await this.database.beside({ tenantId }, (tx) => find(tx, id));
    if (known) return known;
    const matters = this.peers.client('assignment', MattersServiceService);
    const matter = await matters.getMatter({ matterId: id }, { tenantId });
    return this.database.beside({ tenantId }, async (tx) => {
      await this.keep(tx, matter);
      return this.get(tx, id);
    });
  }

  /** @throws DomainError not-found MATTER_NOT_FOUND */
  async get(tx: Tx, id: string): Promise<Matter> {
    const matter = await find(tx, id);
    if (!matter) throw DomainError.notFound('matter', id);
    return matter;
  }

  /** Keeps a copy, unless a later one is there. */
  async keep(tx: Tx, matter: MatterMessage): Promise<void> {
    await tx.query(
      `insert into matters (tenant_id, id, client_id, code, client_matter_code, name, version)
       values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (tenant_id, id) do update set client_id = excluded.client_id, code = excluded.code,
         client_matter_code = excluded.client_matter_code, name = excluded.name, version = excluded.version
       where excluded.version > matters.version`,
      [tx.tenantId, matter.id, matter.clientId, matter.code, matter.clientMatterCode, matter.name, matter.version],
    );
  }
}

function find(tx: Tx, id: string): Promise<Matter | null> {
  return tx.findOne(Matter, { where: { tenantId: tx.tenantId, id } });
}
