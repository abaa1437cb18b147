import { Money, roundHalfUp } from '@paradesk/kernel';
import { HUNDRED_PERCENT, type Discount } from '../agreements/billing-terms.js';
import { sideOf } from '../invoices/invoice-totals.js';
import type { Charge } from './charges.js';
import type { BillingAgreement, ProposalInput } from './proposal.js';

/** Fees or expenses of one matter, which a discount is taken off. */
interface Cell {
  readonly matterId: string;
  readonly side: 'fees' | 'expenses';
  leftMinor: bigint;
}

/** The lines of the discounts: by agreement, over all of its matters, one after the other. */
export function discountsOf(charges: readonly Charge[], input: ProposalInput): Charge[] {
  const byAgreement = Map.groupBy(charges, ({ agreement }) => agreement?.id);
  return [...byAgreement.values()].flatMap((own) => {
    const agreement = own[0]?.agreement;
    if (!agreement || agreement.terms.discounts.length === 0) return [];
    const cells = cellsOf(own);
    return agreement.terms.discounts.flatMap((discount) => discountLines(discount, cells, agreement, input));
  });
}

/** The line that makes a matter's fees of the period up to the minimum, where there are any. The terms of its last fee count. */
export function minimumsOf(charges: readonly Charge[], input: ProposalInput): Charge[] {
  const byMatter = Map.groupBy(charges, ({ matterId }) => matterId);
  return [...byMatter].flatMap(([matterId, own]) => {
    const fees = own.filter(({ kind }) => sideOf(kind) === 'fees');
    const agreement = fees.findLast(({ entryId }) => entryId !== null)?.agreement;
    if (!agreement || agreement.terms.minimumFeeMinor === 0n) return [];
    const billed = input.billed.filter((one) => one.matterId === matterId);
    const netMinor =
      fees.reduce((sum, { amountMinor }) => sum + amountMinor, 0n) +
      billed.reduce((sum, { netInPeriodMinor }) => sum + netInPeriodMinor, 0n);
    const missingMinor = least(agreement.terms.minimumFeeMinor - netMinor, roomOf(agreement, fees, billed, input));
    if (missingMinor <= 0n) return [];
    return [derived(input, agreement, { kind: 'minimum_fee', matterId }, 'Minimum fee', missingMinor)];
  });
}

/** What the cap leaves for a line of the last day of the period. */
function roomOf(
  { terms: { cap } }: BillingAgreement,
  fees: readonly Charge[],
  billed: ProposalInput['billed'],
  { to }: ProposalInput,
): bigint | undefined {
  if (!cap) return undefined;
  const inWindow = (month: string) => cap.per === 'matter' || month === to.toString().slice(0, 7);
  const usedBefore = billed.filter(({ month }) => inWindow(month));
  const usedNow = fees.filter(({ kind, date }) => kind !== 'fee_discount' && inWindow(date.toString().slice(0, 7)));
  return (
    cap.amountMinor -
    usedBefore.reduce((sum, { feesMinor }) => sum + feesMinor, 0n) -
    usedNow.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)
  );
}

function least(one: bigint, other: bigint | undefined): bigint {
  return other !== undefined && other < one ? other : one;
}

function cellsOf(charges: readonly Charge[]): Cell[] {
  const cells = new Map<string, Cell>();
  for (const { matterId, kind, amountMinor } of charges) {
    const side = sideOf(kind);
    const key = `${matterId} ${side}`;
    const cell = cells.get(key) ?? { matterId, side, leftMinor: 0n };
    cell.leftMinor += amountMinor;
    cells.set(key, cell);
  }
  return [...cells.values()];
}

function discountLines(
  discount: Discount,
  cells: readonly Cell[],
  agreement: BillingAgreement,
  input: ProposalInput,
): Charge[] {
  const own = cells.filter(({ side, leftMinor }) => leftMinor > 0n && (discount.on === 'invoice' || side === 'fees'));
  const baseMinor = own.reduce((sum, { leftMinor }) => sum + leftMinor, 0n);
  if (baseMinor === 0n) return [];
  const parts = partsOf(discount, own, baseMinor, input.currency);
  return own.flatMap((cell, index) => {
    const partMinor = parts[index] ?? 0n;
    if (partMinor === 0n) return [];
    cell.leftMinor -= partMinor;
    const kind = cell.side === 'fees' ? ('fee_discount' as const) : ('expense_discount' as const);
    return [derived(input, agreement, { kind, matterId: cell.matterId }, discount.name, -partMinor)];
  });
}

/** What is taken off each cell. */
function partsOf(discount: Discount, cells: readonly Cell[], baseMinor: bigint, currency: string): bigint[] {
  if (discount.amountMinor !== undefined) {
    const amount = Money.of(least(discount.amountMinor, baseMinor), currency);
    return amount.allocate(cells.map(({ leftMinor }) => leftMinor)).map(({ amountMinor }) => amountMinor);
  }
  const reached = discount.tiers.findLast(({ fromMinor }) => fromMinor <= baseMinor);
  const percentE4 = discount.percentE4 ?? reached?.percentE4 ?? 0n;
  return cells.map(({ leftMinor }) => roundHalfUp(leftMinor * percentE4, HUNDRED_PERCENT));
}

function derived(
  { to }: ProposalInput,
  agreement: BillingAgreement,
  { kind, matterId }: Pick<Charge, 'kind' | 'matterId'>,
  narrative: string,
  amountMinor: bigint,
): Charge {
  return {
    kind,
    entryId: null,
    matterId,
    // The last day that the invoice is about, so that e-billing vendors find it inside the period.
    date: to,
    personId: null,
    narrative,
    taskCode: '',
    activityCode: '',
    expenseCode: '',
    unitsE4: null,
    unitCostE4: null,
    adjustmentMinor: 0n,
    amountMinor,
    includedHoursE4: 0n,
    agreement,
  };
}
