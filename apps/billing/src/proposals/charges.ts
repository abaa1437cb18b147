import { formatDecimal, Money } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { billableFrom, type BillingFrequency, PLAIN_TERMS } from '../agreements/billing-terms.js';
import { lineAmount } from '../billable-work/line-amount.js';
import type { BillableItem } from '../billable-work/billable-work.service.js';
import { sideOf } from '../invoices/invoice-totals.js';
import {
  termsOn,
  type BillingAgreement,
  type BillingNotice,
  type ProposalInput,
  type ProposedLine,
} from './proposal.js';

/** A line before it is split and taxed, with the agreement whose terms count for it. */
export interface Charge extends Omit<ProposedLine, 'shareNo' | 'taxName' | 'taxPercentE4' | 'taxMinor'> {
  /** Undefined where there never was one: nothing but the line itself was agreed on then. */
  readonly agreement: BillingAgreement | undefined;
}

/** Cap and included hours of a matter as they are used up, item by item. */
interface Usage {
  usedMinor: bigint;
  capMinor: bigint;
  readonly held: string[];
}

type HoldCode = Exclude<BillingNotice['code'], 'CAP_NEARLY_REACHED' | 'RETAINER_BELOW_THRESHOLD'>;

const WARN_PERCENT = 80n;

/** The lines of work and fees, each with what its agreement makes of it, and what is held back and why. */
export function chargesOf(input: ProposalInput): { lines: Charge[]; notices: BillingNotice[] } {
  const charging = new Charging(input);
  const lines = input.items.flatMap((item) => charging.charge(item) ?? []);
  return { lines, notices: charging.notices() };
}

/** Goes through the items in their order: what comes first uses the hours and the cap first. */
class Charging {
  private readonly caps = new Map<string, Usage>();
  private readonly includedE4 = new Map<string, bigint>();
  private readonly held = new Map<string, { code: HoldCode; matterId: string; entryIds: string[] }>();

  constructor(private readonly input: ProposalInput) {
    for (const { matterId, month, includedHoursE4 } of input.billed) {
      const key = `${matterId} ${month}`;
      this.includedE4.set(key, (this.includedE4.get(key) ?? 0n) + includedHoursE4);
    }
  }

  charge(item: BillableItem): Charge | undefined {
    const agreement = termsOn(this.input.agreements, item.matterId, item.date);
    const terms = agreement?.terms ?? PLAIN_TERMS;
    if (agreement && this.waits(item, agreement, terms.frequency)) return undefined;
    const covered = item.kind === 'fee' ? this.coverageOf(item, agreement) : NOT_COVERED;
    const amountMinor = item.amountMinor - covered.amountMinor;
    if (agreement && sideOf(item.kind) === 'fees' && !this.fits(item, agreement, amountMinor)) return undefined;
    if (covered.hoursE4 > 0n) {
      const key = monthKey(item);
      this.includedE4.set(key, (this.includedE4.get(key) ?? 0n) + covered.hoursE4);
    }
    return {
      kind: item.kind,
      entryId: item.entryId,
      matterId: item.matterId,
      date: item.date,
      personId: item.personId ?? null,
      narrative: item.narrative,
      taskCode: item.taskCode,
      activityCode: item.activityCode,
      expenseCode: item.expenseCode,
      unitsE4: item.unitsE4 ?? null,
      unitCostE4: item.unitCostE4 ?? null,
      adjustmentMinor: item.adjustmentMinor - covered.amountMinor,
      amountMinor,
      includedHoursE4: covered.hoursE4,
      agreement,
    };
  }

  notices(): BillingNotice[] {
    const holds = [...this.held.values()].map(({ code, matterId, entryIds }) => ({
      code,
      matterId,
      message: `${entryIds.length} ${entryIds.length === 1 ? 'item is' : 'items are'} held back: ${HOLD_REASONS[code]}`,
      entryIds,
    }));
    const nearly = [...this.caps].flatMap(([key, { usedMinor, capMinor, held }]) => {
      if (held.length > 0 || usedMinor * 100n < capMinor * WARN_PERCENT) return [];
      const [matterId = ''] = key.split(' ');
      const [used, cap] = [usedMinor, capMinor].map((minor) => Money.of(minor, this.input.currency).toString());
      const percent = formatDecimal((usedMinor * 100n) / capMinor, 0);
      const message = `${percent} % of the cap is used: ${used} of ${cap}`;
      return [{ code: 'CAP_NEARLY_REACHED' as const, matterId, message, entryIds: [] }];
    });
    return [...holds, ...nearly];
  }

  private waits(item: BillableItem, { validTo }: BillingAgreement, frequency: BillingFrequency): boolean {
    if (this.input.asked && frequency !== 'hold') return false;
    const from = billableFrom(frequency, item.date, validTo);
    if (from && Temporal.PlainDate.compare(from, this.input.to) <= 0) return false;
    this.hold(item, frequency === 'hold' ? 'BILLING_ON_HOLD' : 'NOT_BILLED_YET');
    return true;
  }

  /** How much of the time a project fee or the hours of a subscription pay for. */
  private coverageOf(item: BillableItem, agreement: BillingAgreement | undefined): Coverage {
    if (!agreement) return NOT_COVERED;
    const { projectFees, subscription } = agreement.terms;
    const byFee = projectFees.some(({ taskCodes }) => taskCodes.length === 0 || taskCodes.includes(item.taskCode));
    if (byFee) return { amountMinor: item.amountMinor, hoursE4: 0n };
    if (!subscription) return NOT_COVERED;
    const { unitsE4 = 0n, unitCostE4 = 0n } = item;
    const leftE4 = subscription.includedHoursE4 - (this.includedE4.get(monthKey(item)) ?? 0n);
    if (leftE4 <= 0n || unitsE4 <= 0n) return NOT_COVERED;
    if (leftE4 >= unitsE4) return { amountMinor: item.amountMinor, hoursE4: unitsE4 };
    const { currency } = this.input;
    const { amountMinor } = lineAmount({ unitsE4: leftE4, unitCostE4, adjustmentMinor: 0n, currency });
    return { amountMinor, hoursE4: leftE4 };
  }

  /** Whether it fits under the cap. Once something does not, nothing later in the same window does: a cap is no gap to fill. */
  private fits(item: BillableItem, { terms: { cap } }: BillingAgreement, amountMinor: bigint): boolean {
    if (!cap) return true;
    const usage = this.usageOf(item, cap);
    if (amountMinor > 0n && (usage.held.length > 0 || usage.usedMinor + amountMinor > cap.amountMinor)) {
      usage.held.push(item.entryId);
      this.hold(item, 'CAP_REACHED');
      return false;
    }
    usage.usedMinor += amountMinor;
    return true;
  }

  private usageOf(item: BillableItem, { per, amountMinor }: { per: 'matter' | 'month'; amountMinor: bigint }): Usage {
    const key = per === 'month' ? monthKey(item) : `${item.matterId} `;
    const known = this.caps.get(key);
    // A later agreement may have raised it; what was used stays used.
    if (known) return Object.assign(known, { capMinor: amountMinor });
    const billed = this.input.billed.filter(
      ({ matterId, month }) => matterId === item.matterId && (per === 'matter' || month === monthOf(item.date)),
    );
    const usedMinor = billed.reduce((sum, { feesMinor }) => sum + feesMinor, 0n);
    const usage = { usedMinor, capMinor: amountMinor, held: [] };
    this.caps.set(key, usage);
    return usage;
  }

  private hold({ entryId, matterId }: BillableItem, code: HoldCode): void {
    const key = `${matterId} ${code}`;
    const known = this.held.get(key);
    if (known) known.entryIds.push(entryId);
    else this.held.set(key, { code, matterId, entryIds: [entryId] });
  }
}

interface Coverage {
  readonly amountMinor: bigint;
  readonly hoursE4: bigint;
}

const NOT_COVERED: Coverage = { amountMinor: 0n, hoursE4: 0n };

const HOLD_REASONS: Record<HoldCode, string> = {
  CAP_REACHED: 'they do not fit under the cap of the agreement',
  BILLING_ON_HOLD: 'the agreement holds its billing',
  NOT_BILLED_YET: 'the agreement bills them later',
};

/** The calendar month as 2026-03. */
export function monthOf({ year, month }: Temporal.PlainDate): string {
  return `${year}-${`${month}`.padStart(2, '0')}`;
}

function monthKey({ matterId, date }: BillableItem): string {
  return `${matterId} ${monthOf(date)}`;
}
