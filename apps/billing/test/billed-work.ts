import { AdjustmentKind, AdjustmentsServiceService } from '@paradesk/contracts/paradesk/billing/v1/adjustments';
import { ExpensesServiceService } from '@paradesk/contracts/paradesk/billing/v1/expenses';
import { InvoicesServiceService, type Invoice } from '@paradesk/contracts/paradesk/billing/v1/invoices';
import { TimeEntriesServiceService } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import type { ServiceUnderTest } from '@paradesk/testing';
import type { Firm } from './builders.js';

/** Ids are in the order of time, which stands still in tests. */
function nextSecond(system: ServiceUnderTest): void {
  system.clock.advance({ seconds: 1 });
}

export const workday = { year: 2026, month: 3, day: 2 };

/** Approved time of the firm's paralegal. @returns its id */
export async function someTime(system: ServiceUnderTest, firm: Firm, minutes = 60, fields = {}): Promise<string> {
  nextSecond(system);
  const time = system.client(TimeEntriesServiceService, firm.billingManager);
  const { id } = await time.recordTime({
    matterId: firm.matter.id,
    personId: firm.paralegal.id,
    workedOn: workday,
    minutes,
    narrative: 'Draft interrogatories to defendant.',
    taskCode: 'L310',
    activityCode: 'A103',
    ...fields,
  });
  await time.approveTimeEntries({ timeEntryIds: [id] });
  return id;
}

/** An approved expense. @returns its id */
export async function anExpense(
  system: ServiceUnderTest,
  firm: Firm,
  units = '25',
  unitCost = '0.15',
): Promise<string> {
  nextSecond(system);
  const expenses = system.client(ExpensesServiceService, firm.billingManager);
  const recorded = { matterId: firm.matter.id, incurredOn: workday, expenseCode: 'E101', units, unitCost };
  const { id } = await expenses.recordExpense({ ...recorded, narrative: 'Copies of exhibits' });
  await expenses.approveExpenses({ expenseIds: [id] });
  return id;
}

/** An approved adjustment. @returns its id */
export async function anAdjustment(
  system: ServiceUnderTest,
  firm: Firm,
  amountMinor: bigint,
  kind = AdjustmentKind.FEE,
): Promise<string> {
  nextSecond(system);
  const adjustments = system.client(AdjustmentsServiceService, firm.billingManager);
  const amount = { amountMinor, currencyCode: 'USD' };
  const narrative = amountMinor < 0n ? 'Courtesy discount' : 'Flat fee';
  const { id } = await adjustments.recordAdjustment({
    matterId: firm.matter.id,
    kind,
    appliesOn: workday,
    amount,
    narrative,
  });
  await adjustments.approveAdjustments({ adjustmentIds: [id] });
  return id;
}

/** A draft of the work; of all that is there when no ids are given. */
export async function aDraft(system: ServiceUnderTest, firm: Firm, entryIds: string[] = []): Promise<Invoice> {
  nextSecond(system);
  return system.client(InvoicesServiceService, firm.billingManager).draftInvoice({
    clientId: firm.client.id,
    billingStart: { year: 2026, month: 3, day: 1 },
    billingEnd: { year: 2026, month: 3, day: 31 },
    entryIds,
  });
}

/** An approved invoice of the work. */
export async function anApprovedInvoice(
  system: ServiceUnderTest,
  firm: Firm,
  entryIds: string[] = [],
): Promise<Invoice> {
  const { id } = await aDraft(system, firm, entryIds);
  return system.client(InvoicesServiceService, firm.billingManager).approveInvoice({ invoiceId: id });
}

/** An issued invoice of the work. */
export async function anIssuedInvoice(system: ServiceUnderTest, firm: Firm, entryIds: string[] = []): Promise<Invoice> {
  const { id } = await anApprovedInvoice(system, firm, entryIds);
  return system.client(InvoicesServiceService, firm.billingManager).issueInvoice({ invoiceId: id });
}
