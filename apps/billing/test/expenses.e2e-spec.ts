import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AdjustmentKind, AdjustmentsServiceService } from '@paradesk/contracts/paradesk/billing/v1/adjustments';
import { ExpensesServiceService } from '@paradesk/contracts/paradesk/billing/v1/expenses';
import { WorkStatus } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { newId } from '@paradesk/kernel';
import { aCaller, ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { aFirm, anAgreement, refusalOf, type Firm } from './builders.js';

let system: ServiceUnderTest;
let firm: Firm;

beforeAll(async () => {
  system = await ServiceUnderTest.start(billing);
  firm = await aFirm(system);
  await anAgreement(system, firm, { currencyCode: 'JPY' });
});
afterAll(() => system.stop());

const today = { year: 2026, month: 3, day: 2 };
const stranger = aCaller({ role: Role.BILLING_MANAGER });

describe('an expense', () => {
  const as = (caller: Firm['billingManager']) => system.client(ExpensesServiceService, caller);
  const copies = (overrides = {}) => ({
    matterId: firm.matter.id,
    incurredOn: today,
    expenseCode: 'E101',
    units: '25',
    unitCost: '12.5',
    narrative: 'Copies of exhibits',
    ...overrides,
  });

  it('is units times unit cost in the agreement’s currency, half up, and is approved once', async () => {
    const expense = await as(firm.asAssistant).recordExpense(copies());
    expect(expense.amount).toEqual({ amountMinor: 313n, currencyCode: 'JPY' });
    expect([expense.units, expense.unitCost, expense.status]).toEqual(['25', '12.5', WorkStatus.RECORDED]);
    expect(await as(firm.asParalegal).getExpense({ expenseId: expense.id })).toEqual(expense);
    for (let time = 0; time < 2; time++) {
      const { expenses } = await as(firm.billingManager).approveExpenses({ expenseIds: [expense.id] });
      expect(expenses[0]?.status).toBe(WorkStatus.APPROVED);
    }
    const approved = await as(firm.billingManager).listExpenses({
      status: WorkStatus.APPROVED,
      matterId: firm.matter.id,
    });
    expect(approved.expenses.map(({ id }) => id)).toEqual([expense.id]);
  });

  it.each([
    ['an unknown code', { expenseCode: 'E999' }, 'UNKNOWN_EXPENSE_CODE', 'expenseCode'],
    ['no units', { units: '0' }, 'UNITS_NOT_POSITIVE', 'units'],
    ['a negative unit cost', { unitCost: '-1' }, 'UNIT_COST_NEGATIVE', 'unitCost'],
    ['units of eleven digits', { units: '12345678901' }, 'OUT_OF_RANGE', 'units'],
    ['an amount beyond all bounds', { units: '9999999999', unitCost: '9999999999' }, 'AMOUNT_OUT_OF_RANGE', 'amount'],
  ])('with %s is refused, naming the field', async (_name, overrides, reason, field) => {
    const refusal = await refusalOf(as(firm.billingManager).recordExpense(copies(overrides)));
    expect(refusal).toMatchObject({ kind: 'invalid', reason, fields: [field] });
  });

  it('of another tenant is not found, nor approved', async () => {
    const expense = await as(firm.billingManager).recordExpense(copies());
    expect((await refusalOf(as(stranger).getExpense({ expenseId: expense.id }))).reason).toBe('EXPENSE_NOT_FOUND');
    const refusal = await refusalOf(as(stranger).approveExpenses({ expenseIds: [expense.id] }));
    expect(refusal.reason).toBe('EXPENSE_NOT_FOUND');
  });
});

describe('an adjustment', () => {
  const as = (caller: Firm['billingManager']) => system.client(AdjustmentsServiceService, caller);
  const discount = (overrides = {}) => ({
    matterId: firm.matter.id,
    kind: AdjustmentKind.FEE,
    appliesOn: today,
    amount: { amountMinor: -500n, currencyCode: 'JPY' },
    narrative: 'Courtesy discount',
    ...overrides,
  });

  it('may be negative, and is approved', async () => {
    const adjustment = await as(firm.billingManager).recordAdjustment(discount());
    expect(adjustment.amount).toEqual({ amountMinor: -500n, currencyCode: 'JPY' });
    expect(await as(firm.billingManager).getAdjustment({ adjustmentId: adjustment.id })).toEqual(adjustment);
    const { adjustments } = await as(firm.billingManager).approveAdjustments({ adjustmentIds: [adjustment.id] });
    expect(adjustments[0]?.status).toBe(WorkStatus.APPROVED);
    expect((await as(firm.billingManager).listAdjustments({})).adjustments.map(({ id }) => id)).toContain(
      adjustment.id,
    );
  });

  it.each([
    ['zero', { amount: { amountMinor: 0n, currencyCode: 'JPY' } }, 'AMOUNT_ZERO'],
    ['in another currency', { amount: { amountMinor: 1n, currencyCode: 'USD' } }, 'CURRENCY_MISMATCH'],
    ['before any agreement', { appliesOn: { year: 2020, month: 1, day: 1 } }, 'NO_AGREEMENT'],
  ])('that is %s is refused', async (_name, overrides, reason) => {
    expect((await refusalOf(as(firm.billingManager).recordAdjustment(discount(overrides)))).reason).toBe(reason);
  });

  it('that nobody knows is not approved', async () => {
    const refusal = await refusalOf(as(firm.billingManager).approveAdjustments({ adjustmentIds: [newId(1)] }));
    expect(refusal.reason).toBe('ADJUSTMENT_NOT_FOUND');
  });
});
