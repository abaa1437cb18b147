import { Controller } from '@nestjs/common';
import { fromDate, fromMoney, toDate, toMoney } from '@paradesk/contracts';
import {
  AgreementsServiceControllerMethods,
  RoundingMode,
  type Agreement as AgreementMessage,
  type AgreementsServiceController,
  type CreateAgreementRequest,
  type GetAgreementRequest,
  type ListAgreementsRequest,
  type TimeRounding as TimeRoundingMessage,
} from '@paradesk/contracts/paradesk/billing/v1/agreements';
import { DEFAULT_TIME_ROUNDING, type TimeRounding } from '@paradesk/kernel';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import type { Agreement, Terms } from './agreement.entity.js';
import { AgreementsService } from './agreements.service.js';

@Controller()
@AgreementsServiceControllerMethods()
export class AgreementsController implements AgreementsServiceController {
  constructor(private readonly agreements: AgreementsService) {}

  async createAgreement(request: CreateAgreementRequest, metadata: CallMetadata) {
    return toProto(await this.agreements.create(callerOf(metadata), request.matterId, toTerms(request)));
  }

  async getAgreement(request: GetAgreementRequest, metadata: CallMetadata) {
    return toProto(await this.agreements.get(callerOf(metadata), request.agreementId));
  }

  async listAgreements({ page, ...filter }: ListAgreementsRequest, metadata: CallMetadata) {
    const list = await this.agreements.list(callerOf(metadata), filter, page);
    return { agreements: list.items.map(toProto), page: list.page };
  }
}

const modes = {
  up: RoundingMode.UP,
  nearest: RoundingMode.NEAREST,
  down: RoundingMode.DOWN,
} as const;

function toTerms({ currencyCode, validFrom, paymentTermsDays, timeRounding, rates }: CreateAgreementRequest): Terms {
  return {
    currency: currencyCode,
    validFrom: fromDate(validFrom, 'validFrom'),
    paymentTermsDays,
    timeRounding: toRounding(timeRounding),
    rates: rates.map(({ personId, hourlyRate }, index) => ({
      personId: personId.toLowerCase(),
      hourlyRate: fromMoney(hourlyRate, `rates[${index}].hourlyRate`),
    })),
  };
}

function toRounding(message: TimeRoundingMessage | undefined): TimeRounding {
  const mode = (['up', 'nearest', 'down'] as const).find((one) => modes[one] === message?.mode);
  return {
    incrementMinutes: message?.incrementMinutes || DEFAULT_TIME_ROUNDING.incrementMinutes,
    mode: mode ?? DEFAULT_TIME_ROUNDING.mode,
    enforced: message?.enforced ?? DEFAULT_TIME_ROUNDING.enforced,
  };
}

function toProto(agreement: Agreement): AgreementMessage {
  return {
    id: agreement.id,
    clientId: agreement.clientId,
    matterId: agreement.matterId,
    currencyCode: agreement.currency,
    validFrom: toDate(agreement.validFrom),
    paymentTermsDays: agreement.paymentTermsDays,
    timeRounding: {
      incrementMinutes: agreement.incrementMinutes,
      mode: modes[agreement.roundingMode],
      enforced: agreement.roundingEnforced,
    },
    rates: agreement.rates.map(({ personId, hourlyRate }) => ({ personId, hourlyRate: toMoney(hourlyRate) })),
  };
}
