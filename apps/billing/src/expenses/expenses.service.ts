import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Database, insertEntities } from '@paradesk/platform';
import { AgreementsService } from '../agreements/agreements.service.js';
import type { WorkStatus } from '../billable-work/captured-work.js';
import { approveWork, listById, moveWork } from '../billable-work/captured-work.queries.js';
import { RecordingsService } from '../billable-work/recordings.service.js';
import { MattersService } from '../matters/matters.service.js';
import { checkExpense, Expense, type ExpenseToRecord } from './expense.entity.js';

@Injectable()
export class ExpensesService {
  constructor(
    private readonly database: Database,
    private readonly agreements: AgreementsService,
    private readonly matters: MattersService,
    private readonly recordings: RecordingsService,
  ) {}

  /** @param overrideReason why it is recorded in a locked period; empty where it is not */
  async record(caller: Caller, matterId: string, expense: ExpenseToRecord, overrideReason: string): Promise<Expense> {
    checkExpense(expense);
    const matter = await this.matters.require(caller, matterId);
    const by = await this.recordings.begin(caller);
    return this.database.transaction(caller, async (tx) => {
      const agreement = await this.agreements.inForce(tx, matter.id, expense.incurredOn);
      const recording = await this.recordings.record(tx, by, expense.incurredOn, overrideReason);
      const recorded = Expense.record(expense, agreement, recording);
      await insertEntities(tx, Expense, [recorded]);
      return recorded;
    });
  }

  async get(caller: Caller, id: string): Promise<Expense> {
    return this.database.transaction(caller, async (tx) => {
      const expense = await tx.findOne(Expense, { where: { tenantId: tx.tenantId, id } });
      if (!expense) throw DomainError.notFound('expense', id);
      return expense;
    });
  }

  async list(
    caller: Caller,
    filter: { matterId: string; status: WorkStatus | undefined },
    page: PageRequest | undefined,
  ): Promise<{ items: Expense[]; page: PageResult }> {
    return this.database.transaction(caller, (tx) => listById(tx, Expense, filter, page));
  }

  async approve(caller: Caller, ids: readonly string[]): Promise<Expense[]> {
    return this.database.transaction(caller, (tx) => approveWork(tx, Expense, 'expense', ids));
  }

  async reject(caller: Caller, ids: readonly string[], reason: string): Promise<Expense[]> {
    const noun = 'expense';
    return this.database.transaction(caller, (tx) =>
      moveWork(tx, Expense, { noun, ids }, (work) => work.reject(reason)),
    );
  }

  async discard(caller: Caller, ids: readonly string[], reason: string): Promise<Expense[]> {
    const noun = 'expense';
    return this.database.transaction(caller, (tx) =>
      moveWork(tx, Expense, { noun, ids }, (work) => work.discard(reason)),
    );
  }
}
