import { Money } from '@paradesk/kernel';
import type { Temporal } from 'temporal-polyfill';
import type { Agreement } from '../agreements/agreement.entity.js';
import type { BillableItem } from '../billable-work/billable-work.service.js';
import { totalsOf, type InvoiceLineKind, type InvoiceTotals } from '../invoices/invoice-totals.js';
import { chargesOf } from './charges.js';
import { discountsOf, minimumsOf } from './derived-lines.js';
import { sharesOf } from './payer-shares.js';

/** An agreement as far as billing goes by it: of a matter, or of all of a client's as one matter has it. */
export type BillingAgreement = Pick<
  Agreement,
  'id' | 'clientId' | 'matterId' | 'ofClient' | 'validFrom' | 'validTo' | 'terms'
>;

/** What live invoices have of a matter's fees in a calendar month. */
export interface BilledFees {
  readonly matterId: string;
  /** As 2026-03. */
  readonly month: string;
  /** Fees before discounts, which the cap counts. */
  readonly feesMinor: bigint;
  /** Fees after discounts of days of the proposal's period, which the minimum counts. */
  readonly netInPeriodMinor: bigint;
  /** Hours that a subscription paid for. */
  readonly includedHoursE4: bigint;
}

/** What a proposal is made of. Nothing else counts: the same input makes the same proposal. */
export interface ProposalInput {
  readonly clientId: string;
  readonly currency: string;
  readonly from: Temporal.PlainDate;
  readonly to: Temporal.PlainDate;
  /** Approved work and fees that are on no live invoice, in the order they are to be printed. */
  readonly items: readonly BillableItem[];
  /** The agreements of the items' matters, all versions. */
  readonly agreements: readonly BillingAgreement[];
  readonly billed: readonly BilledFees[];
  /** What is held for payers in advance, by their ids. */
  readonly retainers: ReadonlyMap<string, bigint>;
  /** A person asked for these very items: they are billed however often is agreed. */
  readonly asked: boolean;
}

/** A line of a proposed invoice. */
export interface ProposedLine {
  readonly kind: InvoiceLineKind;
  /** The captured work or the fee behind it; null on lines that follow from the others. */
  readonly entryId: string | null;
  readonly matterId: string;
  readonly date: Temporal.PlainDate;
  readonly personId: string | null;
  readonly narrative: string;
  readonly taskCode: string;
  readonly activityCode: string;
  readonly expenseCode: string;
  /** Hours or pieces in ten-thousandths, and the price of one; null on lines that are an amount only. */
  readonly unitsE4: bigint | null;
  readonly unitCostE4: bigint | null;
  /** What was taken off or put on the line: by hand, by a fee that pays for it, or since others pay parts of it. */
  readonly adjustmentMinor: bigint;
  /** Units times unit cost, and the adjustment. */
  readonly amountMinor: bigint;
  /** Hours that a subscription pays for; on the first payer's line. */
  readonly includedHoursE4: bigint;
  /** Which payer's share of the work it is: 1 for the first. */
  readonly shareNo: number;
  /** The tax on the line, on top of the amount; empty and zero where it is not taxed. */
  readonly taxName: string;
  readonly taxPercentE4: bigint;
  readonly taxMinor: bigint;
}

/** What one payer should be invoiced for. */
export interface ProposedInvoice {
  readonly payerId: string;
  /** The payer's part in ten-thousandths of one percent; undefined where nothing is split, or parts differ between agreements. */
  readonly sharePercentE4?: bigint;
  readonly lines: readonly ProposedLine[];
  readonly totals: InvoiceTotals;
  /** How much of it what is held for the payer pays. */
  readonly retainerApplied: Money;
}

/** Something a person has to know before the invoice goes out. */
export interface BillingNotice {
  readonly code:
    'CAP_REACHED' | 'CAP_NEARLY_REACHED' | 'BILLING_ON_HOLD' | 'NOT_BILLED_YET' | 'RETAINER_BELOW_THRESHOLD';
  readonly matterId: string;
  readonly message: string;
  /** What is held back; empty where nothing is. */
  readonly entryIds: readonly string[];
}

/** What should be billed less what is. Holds are notices with entries. */
export interface Proposal {
  /** One for each payer that has lines; none where all is held. */
  readonly invoices: readonly ProposedInvoice[];
  readonly notices: readonly BillingNotice[];
}

/**
 * What should be billed for work of a period, by the terms of the day of each piece of work. Pure: the single invoice and the billing run
 * both call it, and bill what it says.
 *
 * In this order: the frequency holds back; a project fee or the hours of a subscription pay for time; the cap holds back what does not fit
 * any more; discounts; the minimum; then each line is split among the payers and taxed. Rates are none of its affair: captured work has
 * its amount since it was captured.
 */
export function propose(input: ProposalInput): Proposal {
  const { lines: charged, notices } = chargesOf(input);
  const lines = [...charged, ...discountsOf(charged, input)];
  const shares = sharesOf([...lines, ...minimumsOf(lines, input)], input);
  const invoices = shares.map(({ payerId, sharePercentE4, lines: own }): ProposedInvoice => {
    const totals = totalsOf(input.currency, own);
    const retainerApplied = appliedOf(totals.total, input.retainers.get(payerId) ?? 0n);
    return { payerId, ...(sharePercentE4 !== undefined && { sharePercentE4 }), lines: own, totals, retainerApplied };
  });
  return { invoices, notices: [...notices, ...retainerNotices(input, invoices)] };
}

/** A draw is at most what is held, and at most what is owed. */
function appliedOf({ amountMinor, currency }: Money, heldMinor: bigint): Money {
  const owed = amountMinor > 0n ? amountMinor : 0n;
  return Money.of(heldMinor < owed ? heldMinor : owed, currency);
}

function retainerNotices(input: ProposalInput, invoices: readonly ProposedInvoice[]): BillingNotice[] {
  const { agreements, retainers, clientId, to } = input;
  const matterIds = [...new Set(invoices.flatMap(({ lines }) => lines.map(({ matterId }) => matterId)))];
  const held = retainers.get(clientId);
  if (held === undefined) return [];
  const applied = invoices.find(({ payerId }) => payerId === clientId)?.retainerApplied.amountMinor ?? 0n;
  return matterIds.flatMap((matterId) => {
    const retainer = termsOn(agreements, matterId, to)?.terms.retainer;
    if (retainer?.kind !== 'evergreen' || held - applied > retainer.thresholdMinor) return [];
    const left = Money.of(held - applied, input.currency).toString();
    const message = `the retainer is down to ${left} after this invoice`;
    return [{ code: 'RETAINER_BELOW_THRESHOLD' as const, matterId, message, entryIds: [] }];
  });
}

/**
 * The agreement whose terms count for work of a day: the one in force; where none is any more, the one that ended last, since work that
 * was captured under it is billed by it.
 */
export function termsOn<A extends BillingAgreement>(
  agreements: readonly A[],
  matterId: string,
  day: Temporal.PlainDate,
): A | undefined {
  let found: A | undefined;
  for (const agreement of agreements) {
    if (agreement.matterId !== matterId || isAfter(agreement.validFrom, day)) continue;
    if (!found || isNearer(agreement, found, day)) found = agreement;
  }
  return found;
}

function isNearer(one: BillingAgreement, other: BillingAgreement, day: Temporal.PlainDate): boolean {
  const [oneEnded, otherEnded] = [hasEnded(one, day), hasEnded(other, day)];
  if (oneEnded !== otherEnded) return otherEnded;
  if (oneEnded && !one.validTo!.equals(other.validTo!)) return isAfter(one.validTo!, other.validTo!);
  // What is agreed for the matter itself counts before what is agreed for all of the client's.
  if (one.ofClient !== other.ofClient) return other.ofClient;
  return isAfter(one.validFrom, other.validFrom);
}

/** Whether it was over before the day. */
function hasEnded({ validTo }: BillingAgreement, day: Temporal.PlainDate): boolean {
  return validTo !== null && isAfter(day, validTo);
}

function isAfter(one: Temporal.PlainDate, other: Temporal.PlainDate): boolean {
  return (one.year - other.year || one.month - other.month || one.day - other.day) > 0;
}
