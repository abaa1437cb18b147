import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, pageQuery, pageResult, type Tx } from '@paradesk/platform';
import { MoreThan } from 'typeorm';
import { BoundaryStatement } from '../boundary-statements/boundary-statement.entity.js';
import { latestStatement } from '../boundary-statements/boundary-statements.service.js';
import { Person } from '../people/person.entity.js';
import { requirePerson } from '../people/people.service.js';
import { Acknowledgement } from './acknowledgement.entity.js';

/** Who is still asked, and for which edition. */
export interface Missing {
  readonly personIds: string[];
  /** Empty before the first edition. */
  readonly boundaryStatementId: string;
  readonly page: PageResult;
}

@Injectable()
export class AcknowledgementsService {
  constructor(
    private readonly database: Database,
    private readonly ids: Ids,
  ) {}

  /** The caller's own. @throws DomainError not-found; refused STATEMENT_SUPERSEDED: only what holds now is acknowledged */
  async acknowledge(caller: Caller, statementId: string): Promise<Acknowledgement> {
    const personId = requirePerson(caller);
    return this.database.transaction(caller, async (tx) => {
      const { tenantId } = tx;
      const statement = await requireStatement(tx, statementId);
      const asked = { tenantId, boundaryStatementId: statement.id, personId };
      const given = await tx.findOneBy(Acknowledgement, asked);
      if (given) return given;
      if ((await latestStatement(tx))?.id !== statement.id) {
        throw DomainError.refused('STATEMENT_SUPERSEDED', 'there is a newer role-boundary statement to acknowledge');
      }
      if (!(await tx.existsBy(Person, { tenantId, id: personId }))) throw DomainError.notFound('person', personId);
      const { id, at: acknowledgedAt } = this.ids.stamp();
      await tx
        .createQueryBuilder()
        .insert()
        .into(Acknowledgement)
        .values({ ...asked, id, acknowledgedAt })
        .orIgnore()
        .execute();
      // Said twice at once, the first one counts.
      return tx.findOneByOrFail(Acknowledgement, asked);
    });
  }

  /** Those of one edition, in the order in which they were given. */
  async list(
    caller: Caller,
    statementId: string,
    page: PageRequest | undefined,
  ): Promise<{ items: Acknowledgement[]; page: PageResult }> {
    const query = pageQuery(page);
    return this.database.transaction(caller, async (tx) => {
      const { id: boundaryStatementId } = await requireStatement(tx, statementId);
      const rows = await tx.find(Acknowledgement, {
        where: { tenantId: tx.tenantId, boundaryStatementId, ...(query.after && { id: MoreThan(query.after) }) },
        order: { id: 'ASC' },
        take: query.size + 1,
      });
      return pageResult(rows, query, (given) => given.id);
    });
  }

  /** Active virtual assistants and paralegals who have not acknowledged the latest edition, the longest known first. */
  async listMissing(caller: Caller, page: PageRequest | undefined): Promise<Missing> {
    const query = pageQuery(page);
    return this.database.transaction(caller, async (tx) => {
      const latest = await latestStatement(tx);
      if (!latest) return { personIds: [], boundaryStatementId: '', page: { nextToken: '' } };
      const rows = await tx.query<{ id: string }[]>(
        `select p.id from people p
         where p.tenant_id = $1 and p.role in ('VIRTUAL_ASSISTANT', 'PARALEGAL') and p.deactivated_at is null
           and ($3::uuid is null or p.id > $3::uuid)
           and not exists (
             select from acknowledgements a
             where a.tenant_id = p.tenant_id and a.boundary_statement_id = $2 and a.person_id = p.id)
         order by p.id limit $4`,
        [tx.tenantId, latest.id, query.after ?? null, query.size + 1],
      );
      const { items, page: result } = pageResult(rows, query, (row) => row.id);
      return { personIds: items.map((row) => row.id), boundaryStatementId: latest.id, page: result };
    });
  }
}

async function requireStatement(tx: Tx, id: string): Promise<BoundaryStatement> {
  const statement = await tx.findOneBy(BoundaryStatement, { tenantId: tx.tenantId, id });
  if (!statement) throw DomainError.notFound('boundary statement', id);
  return statement;
}
