import { fromDate, fromMoney, toDate, toMoney } from '@paradesk/contracts';
import {
  RoundingMode,
  type Agreement as AgreementMessage,
  type CreateAgreementRequest,
  type FixedFee as FixedFeeMessage,
  type TimeRounding as TimeRoundingMessage,
} from '@paradesk/contracts/paradesk/billing/v1/agreements';
import { DEFAULT_TIME_ROUNDING, Money, type TimeRounding } from '@paradesk/kernel';
import type { FixedFee } from '../fixed-fees/fixed-fee.entity.js';
import type { Agreement, Terms } from './agreement.entity.js';
import { fromBillingTerms, toBillingTerms } from './billing-terms.message.js';

const modes = {
  up: RoundingMode.UP,
  nearest: RoundingMode.NEAREST,
  down: RoundingMode.DOWN,
} as const;

/** The terms that a request states. @throws DomainError invalid, naming the field */
export function fromTerms(request: CreateAgreementRequest): Terms {
  const { currencyCode, validFrom, paymentTermsDays, timeRounding, rates, terms } = request;
  return {
    currency: currencyCode,
    validFrom: fromDate(validFrom, 'validFrom'),
    paymentTermsDays,
    timeRounding: fromRounding(timeRounding),
    rates: rates.map(({ personId, hourlyRate }, index) => ({
      personId: personId.toLowerCase(),
      hourlyRate: fromMoney(hourlyRate, `rates[${index}].hourlyRate`),
    })),
    billing: fromBillingTerms(terms, currencyCode),
  };
}

function fromRounding(message: TimeRoundingMessage | undefined): TimeRounding {
  const mode = (['up', 'nearest', 'down'] as const).find((one) => modes[one] === message?.mode);
  return {
    incrementMinutes: message?.incrementMinutes || DEFAULT_TIME_ROUNDING.incrementMinutes,
    mode: mode ?? DEFAULT_TIME_ROUNDING.mode,
    enforced: message?.enforced ?? DEFAULT_TIME_ROUNDING.enforced,
  };
}

export function toProto(agreement: Agreement): AgreementMessage {
  return {
    id: agreement.id,
    clientId: agreement.clientId,
    matterId: agreement.matterId,
    currencyCode: agreement.currency,
    validFrom: toDate(agreement.validFrom),
    validTo: agreement.validTo ? toDate(agreement.validTo) : undefined,
    paymentTermsDays: agreement.paymentTermsDays,
    timeRounding: {
      incrementMinutes: agreement.incrementMinutes,
      mode: modes[agreement.roundingMode],
      enforced: agreement.roundingEnforced,
    },
    rates: agreement.rates.map(({ personId, hourlyRate }) => ({ personId, hourlyRate: toMoney(hourlyRate) })),
    terms: toBillingTerms(agreement.terms, agreement.currency),
  };
}

export function toFixedFee(fee: FixedFee): FixedFeeMessage {
  return {
    id: fee.id,
    clientId: fee.clientId,
    matterId: fee.matterId,
    agreementId: fee.agreementId,
    key: fee.feeKey,
    name: fee.narrative,
    amount: toMoney(Money.of(fee.amountMinor, fee.currency)),
    dueOn: toDate(fee.dueOn),
    billed: fee.status === 'billed',
  };
}
