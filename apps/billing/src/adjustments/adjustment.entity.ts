import { plainDate } from '@paradesk/platform';
import { DomainError, type Money } from '@paradesk/kernel';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity } from 'typeorm';
import type { Agreement } from '../agreements/agreement.entity.js';
import { CapturedWork, type Recording } from '../billable-work/captured-work.js';
import { moneyE4 } from '../billable-work/line-amount.js';

/** What an adjustment changes: the fees or the expenses of an invoice. */
export type AdjustmentKind = 'fee' | 'expense';

/** An adjustment as a person states it. */
export interface AdjustmentToRecord {
  readonly kind: AdjustmentKind;
  readonly appliesOn: Temporal.PlainDate;
  readonly amount: Money;
  readonly narrative: string;
}

/** A flat fee, discount (negative) or premium on a matter: IF and IE of LEDES. In the currency of the agreement of its day. */
@Entity('adjustments')
export class Adjustment extends CapturedWork {
  @Column('text') readonly kind!: AdjustmentKind;
  @Column('date', { name: 'applies_on', transformer: plainDate }) readonly appliesOn!: Temporal.PlainDate;

  /** @throws DomainError invalid AMOUNT_ZERO, CURRENCY_MISMATCH or OUT_OF_RANGE */
  static record(
    { kind, appliesOn, amount, narrative }: AdjustmentToRecord,
    { currency, clientId, matterId }: Agreement,
    recording: Recording,
  ): Adjustment {
    if (amount.isZero()) throw DomainError.invalid('amount', 'AMOUNT_ZERO', 'an adjustment of zero changes nothing');
    if (amount.currency !== currency) {
      const message = `the agreement is in ${currency}, the adjustment in ${amount.currency}`;
      throw DomainError.invalid('amount.currencyCode', 'CURRENCY_MISMATCH', message);
    }
    // An amount that no LEDES line can state would leave its invoice without a file.
    moneyE4(amount, 'amount');
    return Object.assign(new Adjustment(), {
      ...recording,
      clientId,
      matterId,
      currency,
      kind,
      appliesOn,
      narrative,
      amountMinor: amount.amountMinor,
      status: 'recorded' as const,
    });
  }
}
