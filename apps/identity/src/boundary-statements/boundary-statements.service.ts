import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { dateIn, DomainError } from '@paradesk/kernel';
import { Database, Ids, pageQuery, pageResult, type Tx } from '@paradesk/platform';
import { LessThan } from 'typeorm';
import { requirePerson } from '../people/people.service.js';
import { tenantCatalogue } from '../task-kinds/task-kinds.service.js';
import { Tenant } from '../tenants/tenant.entity.js';
import { ownTenant } from '../tenants/tenants.service.js';
import { BoundaryStatement } from './boundary-statement.entity.js';
import { contentOf, type StatementContent } from './statement-content.js';

@Injectable()
export class BoundaryStatementsService {
  constructor(
    private readonly database: Database,
    private readonly ids: Ids,
  ) {}

  /** Publishes what is enforced now; where the latest edition says just that, it stays the latest. */
  async publish(caller: Caller): Promise<BoundaryStatement> {
    const publishedBy = requirePerson(caller);
    return this.database.transaction(caller, async (tx) => {
      // One edition after the other.
      const tenant = await ownTenant(tx, { mode: 'pessimistic_write' });
      const content = await currentContent(tx, tenant);
      const latest = await latestStatement(tx);
      if (latest?.says(content)) return latest;
      const { id, at: publishedAt } = this.ids.stamp();
      const effectiveOn = dateIn(publishedAt, tenant.timeZone);
      const publication = { content, effectiveOn, publishedAt, publishedBy };
      const statement = BoundaryStatement.publish(tx.tenantId, id, latest, publication);
      await tx.insert(BoundaryStatement, statement);
      return statement;
    });
  }

  async get(caller: Caller, id: string): Promise<BoundaryStatement> {
    return this.database.transaction(caller, async (tx) => {
      const statement = await tx.findOneBy(BoundaryStatement, { tenantId: tx.tenantId, id });
      if (!statement) throw DomainError.notFound('boundary statement', id);
      return statement;
    });
  }

  /** The newest first, and whether a new one is due. */
  async list(
    caller: Caller,
    page: PageRequest | undefined,
  ): Promise<{ items: BoundaryStatement[]; page: PageResult; outdated: boolean }> {
    const query = pageQuery(page);
    return this.database.transaction(caller, async (tx) => {
      const rows = await tx.find(BoundaryStatement, {
        where: { tenantId: tx.tenantId, ...(query.after && { id: LessThan(query.after) }) },
        order: { id: 'DESC' },
        take: query.size + 1,
      });
      const tenant = await tx.findOneBy(Tenant, { id: tx.tenantId });
      const latest = await latestStatement(tx);
      const outdated = tenant !== null && !latest?.says(await currentContent(tx, tenant));
      return { ...pageResult(rows, query, (statement) => statement.id), outdated };
    });
  }
}

/** The latest edition of the transaction's tenant; null before the first one. */
export async function latestStatement(tx: Tx): Promise<BoundaryStatement | null> {
  return tx.findOne(BoundaryStatement, { where: { tenantId: tx.tenantId }, order: { edition: 'DESC' } });
}

async function currentContent(tx: Tx, tenant: Tenant): Promise<StatementContent> {
  const kinds = await tenantCatalogue(tx);
  return contentOf({ tenantName: tenant.name, kinds, qualificationRequirement: tenant.qualificationRequirement });
}
