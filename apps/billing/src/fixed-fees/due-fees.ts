import { DomainError } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { type Agreement, inForceOn } from '../agreements/agreement.entity.js';
import { monthOf } from '../proposals/charges.js';
import type { FixedFee } from './fixed-fee.entity.js';

/** A fee that is due. Whether it has become so before, its key says. */
export type DueFee = Pick<
  FixedFee,
  'clientId' | 'matterId' | 'agreementId' | 'kind' | 'feeKey' | 'narrative' | 'currency' | 'amountMinor' | 'dueOn'
>;

/**
 * All months of a matter's subscriptions that have begun by a day, used or not. A month is due whole, on its first day or the day that
 * the subscription begins in it, and by the agreement of that day.
 */
export function subscriptionFees(agreements: readonly Agreement[], through: Temporal.PlainDate): DueFee[] {
  const fees = new Map<string, DueFee>();
  const first = [...agreements].sort((one, other) => Temporal.PlainDate.compare(one.validFrom, other.validFrom));
  for (const agreement of first.filter(({ terms }) => terms.subscription)) {
    let on = agreement.validFrom;
    while (Temporal.PlainDate.compare(on, earlierOf(through, agreement.validTo)) <= 0) {
      const counts = inForceOn(agreements, agreement.matterId, on)?.id === agreement.id;
      if (counts && !fees.has(monthOf(on))) fees.set(monthOf(on), subscriptionFee(agreement, on));
      on = on.with({ day: 1 }).add({ months: 1 });
    }
  }
  return [...fees.values()];
}

/** The first day of a later month on which a subscription is due again; undefined where none goes on. */
export function nextSubscriptionDay(
  agreements: readonly Agreement[],
  after: Temporal.PlainDate,
): Temporal.PlainDate | undefined {
  const days = agreements
    .filter(({ terms }) => terms.subscription)
    .flatMap(({ validFrom, validTo }) => {
      const begins = Temporal.PlainDate.compare(validFrom, after) > 0;
      const day = begins ? validFrom : after.with({ day: 1 }).add({ months: 1 });
      return validTo === null || Temporal.PlainDate.compare(day, validTo) <= 0 ? [day] : [];
    });
  return days.sort((one, other) => Temporal.PlainDate.compare(one, other))[0];
}

/** The project fees of an agreement that are due on a day that is agreed on: they are billed in the period of that day. */
export function datedFees(agreement: Agreement): DueFee[] {
  return agreement.terms.projectFees.flatMap((fee) => {
    if (fee.dueOn === undefined || fee.milestones.length > 0) return [];
    const { name, key, amountMinor } = fee;
    return [projectFee(agreement, { feeKey: key, narrative: name, amountMinor }, Temporal.PlainDate.from(fee.dueOn))];
  });
}

/**
 * The fee that is due since a project or a milestone of it is completed.
 *
 * @param milestoneKey empty where the fee has no milestones
 * @throws DomainError not-found FEE_NOT_FOUND or MILESTONE_NOT_FOUND; refused HAS_MILESTONES or DUE_ON_DATE where it is not due by this
 */
export function completedFee(
  agreement: Agreement,
  { feeKey, milestoneKey }: { readonly feeKey: string; readonly milestoneKey: string },
  completedOn: Temporal.PlainDate,
): DueFee {
  const fee = agreement.terms.projectFees.find(({ key }) => key === feeKey);
  if (!fee) throw DomainError.notFound('fee', feeKey);
  if (milestoneKey === '') {
    if (fee.milestones.length > 0) {
      throw DomainError.refused('HAS_MILESTONES', 'the fee is due by its milestones, so it is one that is completed');
    }
    if (fee.dueOn !== undefined) throw DomainError.refused('DUE_ON_DATE', `the fee is due on ${fee.dueOn}`);
    return projectFee(agreement, { feeKey, narrative: fee.name, amountMinor: fee.amountMinor }, completedOn);
  }
  const milestone = fee.milestones.find(({ key }) => key === milestoneKey);
  if (!milestone) throw DomainError.notFound('milestone', milestoneKey);
  const { amountMinor, name } = milestone;
  const due = { feeKey: `${feeKey}/${milestoneKey}`, narrative: `${fee.name}: ${name}`, amountMinor };
  return projectFee(agreement, due, completedOn);
}

function subscriptionFee(agreement: Agreement, dueOn: Temporal.PlainDate): DueFee {
  const { id: agreementId, clientId, matterId, currency, terms } = agreement;
  const { name, monthlyFeeMinor: amountMinor } = terms.subscription!;
  const month = monthOf(dueOn);
  const narrative = `${name}, ${month}`;
  return {
    clientId,
    matterId,
    agreementId,
    kind: 'subscription',
    feeKey: month,
    narrative,
    currency,
    amountMinor,
    dueOn,
  };
}

function projectFee(
  { id: agreementId, clientId, matterId, currency }: Agreement,
  due: Pick<DueFee, 'feeKey' | 'narrative' | 'amountMinor'>,
  dueOn: Temporal.PlainDate,
): DueFee {
  return { clientId, matterId, agreementId, kind: 'project', currency, dueOn, ...due };
}

function earlierOf(one: Temporal.PlainDate, other: Temporal.PlainDate | null): Temporal.PlainDate {
  return other !== null && Temporal.PlainDate.compare(other, one) < 0 ? other : one;
}
