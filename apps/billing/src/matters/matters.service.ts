import { Injectable } from '@nestjs/common';
import {
  MattersServiceService,
  PracticeArea,
  type Matter as MatterMessage,
} from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { DomainError } from '@paradesk/kernel';
import { Database, keepMatterAccess, Peers, type Seer, type Tx } from '@paradesk/platform';
import { Matter } from './matter.entity.js';

@Injectable()
export class MattersService {
  constructor(
    private readonly database: Database,
    private readonly peers: Peers,
  ) {}

  /**
   * Makes sure that the matter is known and that the caller sees it, asking its owner if need be: whoever was put on it a moment ago is let
   * through, and a matter that the caller does not see takes the same way as one that does not exist. Before a transaction, never inside.
   *
   * @throws DomainError not-found MATTER_NOT_FOUND
   */
  async require(caller: Seer, id: string): Promise<Matter> {
    const known = await this.database.beside(caller, (tx) => find(tx, id));
    if (known) return known;
    const { tenantId } = caller;
    const { matter, walledPersonIds } = await this.peers
      .client('assignment', MattersServiceService)
      .getMatterState({ matterId: id }, { tenantId });
    if (matter)
      await this.database.beside({ tenantId }, async (tx) => {
        await keepMatterAccess(tx, matter, walledPersonIds);
        await this.keep(tx, matter);
      });
    return this.database.beside(caller, (tx) => this.get(tx, id));
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
      `insert into matters (tenant_id, id, client_id, code, client_matter_code, name, practice_area, version)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (tenant_id, id) do update set client_id = excluded.client_id, code = excluded.code,
         client_matter_code = excluded.client_matter_code, name = excluded.name, practice_area = excluded.practice_area,
         version = excluded.version
       where excluded.version > matters.version`,
      [
        tx.tenantId,
        matter.id,
        matter.clientId,
        matter.code,
        matter.clientMatterCode,
        matter.name,
        practiceAreaOf(matter),
        matter.version,
      ],
    );
  }
}

// Unspecified in a copy of before somebody stated it.
function practiceAreaOf({ practiceArea }: MatterMessage): string {
  return practiceArea === PracticeArea.UNSPECIFIED ? '' : (PracticeArea[practiceArea] ?? '');
}

function find(tx: Tx, id: string): Promise<Matter | null> {
  return tx.findOne(Matter, { where: { tenantId: tx.tenantId, id } });
}
