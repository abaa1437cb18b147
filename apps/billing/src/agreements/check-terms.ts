import { DomainError } from '@paradesk/kernel';
import { HUNDRED_PERCENT, type BillingTerms, type Discount, type ProjectFee } from './billing-terms.js';

/** What the terms are checked against. */
export interface TermsContext {
  /** Whether the agreement is of one matter, not of all of a client's. */
  readonly ofMatter: boolean;
}

type Check = (terms: BillingTerms, context: TermsContext) => void;

/**
 * Refuses terms that could not be billed.
 *
 * @throws DomainError invalid, naming the field: MATTER_REQUIRED, FEE_TWICE, MILESTONE_TWICE, MILESTONES_SUM, NOT_POSITIVE, OUT_OF_PERCENT,
 *   DISCOUNT_FORM, TIER_ORDER, TAX_TWICE, PAYER_TWICE, PAYERS_SUM, MINIMUM_ABOVE_CAP, TARGET_BELOW_THRESHOLD
 */
export function checkTerms(terms: BillingTerms, context: TermsContext): void {
  for (const check of CHECKS) check(terms, context);
}

const CHECKS: readonly Check[] = [
  checkMatter,
  checkProjectFees,
  checkSubscription,
  checkRetainer,
  checkCapAndMinimum,
  checkDiscounts,
  checkTaxes,
  checkPayers,
  checkLateFee,
];

/** A fee is a line of an invoice, and a line is about a matter. */
function checkMatter({ projectFees, subscription }: BillingTerms, { ofMatter }: TermsContext): void {
  if (ofMatter) return;
  const message = 'is agreed on for a matter, not for all of a client’s';
  if (projectFees.length > 0) throw DomainError.invalid('terms.projectFees', 'MATTER_REQUIRED', message);
  if (subscription) throw DomainError.invalid('terms.subscription', 'MATTER_REQUIRED', message);
}

function checkProjectFees({ projectFees }: BillingTerms): void {
  refuseRepeated(
    projectFees.map(({ key }) => key),
    (index) => `terms.projectFees[${index}].key`,
    'FEE_TWICE',
  );
  projectFees.forEach((fee, index) => checkProjectFee(fee, `terms.projectFees[${index}]`));
}

function checkProjectFee({ amountMinor, milestones }: ProjectFee, field: string): void {
  requirePositive(amountMinor, `${field}.amount`);
  refuseRepeated(
    milestones.map(({ key }) => key),
    (index) => `${field}.milestones[${index}].key`,
    'MILESTONE_TWICE',
  );
  milestones.forEach((one, index) => requirePositive(one.amountMinor, `${field}.milestones[${index}].amount`));
  const sum = milestones.reduce((total, one) => total + one.amountMinor, 0n);
  if (milestones.length > 0 && sum !== amountMinor) {
    throw DomainError.invalid(`${field}.milestones`, 'MILESTONES_SUM', 'the milestones do not sum to the fee');
  }
}

function checkSubscription({ subscription }: BillingTerms): void {
  if (!subscription) return;
  requirePositive(subscription.monthlyFeeMinor, 'terms.subscription.monthlyFee');
  if (subscription.includedHoursE4 < 0n) {
    throw DomainError.invalid('terms.subscription.includedHours', 'NEGATIVE', 'hours are not below zero');
  }
}

function checkRetainer({ retainer }: BillingTerms): void {
  if (!retainer) return;
  requireNotNegative(retainer.thresholdMinor, 'terms.retainer.threshold');
  requirePositive(retainer.targetMinor, 'terms.retainer.target');
  if (retainer.kind === 'evergreen' && retainer.targetMinor <= retainer.thresholdMinor) {
    const message = 'a retainer is topped up to more than the threshold';
    throw DomainError.invalid('terms.retainer.target', 'TARGET_BELOW_THRESHOLD', message);
  }
}

function checkCapAndMinimum({ cap, minimumFeeMinor }: BillingTerms): void {
  requireNotNegative(minimumFeeMinor, 'terms.minimumFee');
  if (!cap) return;
  requirePositive(cap.amountMinor, 'terms.cap.amount');
  if (minimumFeeMinor > cap.amountMinor) {
    throw DomainError.invalid('terms.minimumFee', 'MINIMUM_ABOVE_CAP', 'the least fee is above the greatest');
  }
}

function checkDiscounts({ discounts }: BillingTerms): void {
  discounts.forEach((discount, index) => checkDiscount(discount, `terms.discounts[${index}]`));
}

function checkDiscount({ percentE4, amountMinor, tiers }: Discount, field: string): void {
  const forms = [percentE4 !== undefined, amountMinor !== undefined, tiers.length > 0].filter(Boolean).length;
  if (forms !== 1) {
    throw DomainError.invalid(field, 'DISCOUNT_FORM', 'a discount is one of a percentage, an amount and tiers');
  }
  if (percentE4 !== undefined) requirePercent(percentE4, `${field}.percent`);
  if (amountMinor !== undefined) requirePositive(amountMinor, `${field}.amount`);
  tiers.forEach((tier, index) => {
    requireNotNegative(tier.fromMinor, `${field}.tiers[${index}].from`);
    requirePercent(tier.percentE4, `${field}.tiers[${index}].percent`);
    const before = tiers[index - 1];
    if (before && before.fromMinor >= tier.fromMinor) {
      throw DomainError.invalid(`${field}.tiers[${index}].from`, 'TIER_ORDER', 'each tier begins above the one before');
    }
  });
}

/** LEDES 98BI has one tax on a line. */
function checkTaxes({ taxes }: BillingTerms): void {
  const taxed = taxes.flatMap(({ on }, index) => on.map((base) => ({ base, index })));
  taxes.forEach(({ percentE4, on }, index) => {
    requirePercent(percentE4, `terms.taxes[${index}].percent`);
    if (on.length === 0) throw DomainError.invalid(`terms.taxes[${index}].on`, 'REQUIRED', 'a tax is on something');
  });
  refuseRepeated(
    taxed.map(({ base }) => base),
    (at) => `terms.taxes[${taxed[at]?.index ?? 0}].on`,
    'TAX_TWICE',
  );
}

function checkPayers({ payers }: BillingTerms): void {
  refuseRepeated(
    payers.map(({ clientId }) => clientId),
    (index) => `terms.payers[${index}].clientId`,
    'PAYER_TWICE',
  );
  payers.forEach(({ percentE4 }, index) => requirePercent(percentE4, `terms.payers[${index}].percent`));
  const sum = payers.reduce((total, { percentE4 }) => total + percentE4, 0n);
  if (payers.length > 0 && sum !== HUNDRED_PERCENT) {
    throw DomainError.invalid('terms.payers', 'PAYERS_SUM', 'the percentages of the payers do not sum to 100');
  }
}

function checkLateFee({ lateFee }: BillingTerms): void {
  if (!lateFee) return;
  requireNotNegative(lateFee.flatMinor, 'terms.lateFee.flat');
  if (lateFee.percentPerMonthE4 === 0n) return requirePositive(lateFee.flatMinor, 'terms.lateFee.flat');
  requirePercent(lateFee.percentPerMonthE4, 'terms.lateFee.percentPerMonth');
}

function requirePercent(percentE4: bigint, field: string): void {
  if (percentE4 > 0n && percentE4 <= HUNDRED_PERCENT) return;
  throw DomainError.invalid(field, 'OUT_OF_PERCENT', 'must be above 0 and at most 100');
}

function requirePositive(amountMinor: bigint, field: string): void {
  if (amountMinor <= 0n) throw DomainError.invalid(field, 'NOT_POSITIVE', 'must be more than zero');
}

function requireNotNegative(amountMinor: bigint, field: string): void {
  if (amountMinor < 0n) throw DomainError.invalid(field, 'NEGATIVE', 'must not be below zero');
}

function refuseRepeated(values: readonly string[], fieldOf: (index: number) => string, reason: string): void {
  const index = values.findIndex((value, at) => values.indexOf(value) !== at);
  if (index >= 0) throw DomainError.invalid(fieldOf(index), reason, 'is there already');
}
