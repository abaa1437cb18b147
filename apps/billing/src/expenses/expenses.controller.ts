import { Controller } from '@nestjs/common';
import { fromDate, toDate, toMoney } from '@paradesk/contracts';
import {
  ExpensesServiceControllerMethods,
  type ApproveExpensesRequest,
  type Expense as ExpenseMessage,
  type ExpensesServiceController,
  type GetExpenseRequest,
  type ListExpensesRequest,
  type RecordExpenseRequest,
  type DiscardExpensesRequest,
  type RejectExpensesRequest,
} from '@paradesk/contracts/paradesk/billing/v1/expenses';
import { Money } from '@paradesk/kernel';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { formatE4, parseE4 } from '../billable-work/line-amount.js';
import { fromWorkStatus, toWorkStatus } from '../billable-work/work-status.js';
import type { Expense, ExpenseToRecord } from './expense.entity.js';
import { ExpensesService } from './expenses.service.js';

@Controller()
@ExpensesServiceControllerMethods()
export class ExpensesController implements ExpensesServiceController {
  constructor(private readonly expenses: ExpensesService) {}

  async recordExpense(request: RecordExpenseRequest, metadata: CallMetadata) {
    const { matterId, lockOverrideReason } = request;
    const expense = toExpense(request);
    return toProto(await this.expenses.record(callerOf(metadata), matterId, expense, lockOverrideReason));
  }

  async getExpense(request: GetExpenseRequest, metadata: CallMetadata) {
    return toProto(await this.expenses.get(callerOf(metadata), request.expenseId));
  }

  async listExpenses({ page, matterId, status }: ListExpensesRequest, metadata: CallMetadata) {
    const list = await this.expenses.list(callerOf(metadata), { matterId, status: fromWorkStatus(status) }, page);
    return { expenses: list.items.map(toProto), page: list.page };
  }

  async approveExpenses(request: ApproveExpensesRequest, metadata: CallMetadata) {
    return { expenses: (await this.expenses.approve(callerOf(metadata), request.expenseIds)).map(toProto) };
  }

  async rejectExpenses({ expenseIds, reason }: RejectExpensesRequest, metadata: CallMetadata) {
    return { expenses: (await this.expenses.reject(callerOf(metadata), expenseIds, reason)).map(toProto) };
  }

  async discardExpenses({ expenseIds, reason }: DiscardExpensesRequest, metadata: CallMetadata) {
    return { expenses: (await this.expenses.discard(callerOf(metadata), expenseIds, reason)).map(toProto) };
  }
}

function toExpense({ incurredOn, expenseCode, units, unitCost, narrative }: RecordExpenseRequest): ExpenseToRecord {
  return {
    incurredOn: fromDate(incurredOn, 'incurredOn'),
    expenseCode,
    unitsE4: parseE4(units, 'units'),
    unitCostE4: parseE4(unitCost, 'unitCost'),
    narrative,
  };
}

function toProto(expense: Expense): ExpenseMessage {
  return {
    id: expense.id,
    clientId: expense.clientId,
    matterId: expense.matterId,
    incurredOn: toDate(expense.incurredOn),
    expenseCode: expense.expenseCode,
    units: formatE4(expense.unitsE4),
    unitCost: formatE4(expense.unitCostE4),
    adjustment: toMoney(Money.of(expense.adjustmentMinor, expense.currency)),
    amount: toMoney(Money.of(expense.amountMinor, expense.currency)),
    narrative: expense.narrative,
    status: toWorkStatus(expense.status),
    statusReason: expense.statusReason,
    lockOverrideReason: expense.lockOverrideReason,
  };
}
