import { Controller } from '@nestjs/common';
import { fromDate, fromMoney, toDate, toMoney } from '@paradesk/contracts';
import { PracticeArea } from '@paradesk/contracts/paradesk/assignment/v1/matters';
import {
  RateLevel as LevelMessage,
  RatesServiceControllerMethods,
  type CreateRateRequest,
  type EndRateRequest,
  type GetApplicableRateRequest,
  type HourlyRate,
  type ListRatesRequest,
  type RateExplanation as ExplanationMessage,
  type RateScope as ScopeMessage,
  type RatesServiceController,
} from '@paradesk/contracts/paradesk/billing/v1/rates';
import { Money } from '@paradesk/kernel';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { minorOfE4 } from '../billable-work/line-amount.js';
import type { RateLevel, RateRule, RateScope } from './rate-precedence.js';
import type { Rate } from './rate.entity.js';
import { RatesService, type RateExplanation } from './rates.service.js';

@Controller()
@RatesServiceControllerMethods()
export class RatesController implements RatesServiceController {
  constructor(private readonly rates: RatesService) {}

  async createRate(request: CreateRateRequest, metadata: CallMetadata) {
    const { scope, hourlyRate, validFrom, validTo } = request;
    const stated = {
      scope: fromScope(scope!),
      hourlyRate: fromMoney(hourlyRate, 'hourlyRate'),
      validFrom: fromDate(validFrom, 'validFrom'),
      validTo: validTo ? fromDate(validTo, 'validTo') : null,
    };
    return toProto(await this.rates.create(callerOf(metadata), stated));
  }

  async endRate({ rateId, validTo }: EndRateRequest, metadata: CallMetadata) {
    return toProto(await this.rates.end(callerOf(metadata), rateId, fromDate(validTo, 'validTo')));
  }

  async listRates({ page, ...filter }: ListRatesRequest, metadata: CallMetadata) {
    const list = await this.rates.list(callerOf(metadata), filter, page);
    return { rates: list.items.map(toProto), page: list.page };
  }

  async getApplicableRate({ matterId, personId, taskCode, day }: GetApplicableRateRequest, metadata: CallMetadata) {
    const work = { matterId, personId, taskCode, day: fromDate(day, 'day') };
    return toExplanation(await this.rates.explain(callerOf(metadata), work));
  }
}

const levels: Record<RateLevel, LevelMessage> = {
  matter_timekeeper: LevelMessage.MATTER_TIMEKEEPER,
  matter_task_or_class: LevelMessage.MATTER_TASK_OR_CLASS,
  client_timekeeper: LevelMessage.CLIENT_TIMEKEEPER,
  client_class: LevelMessage.CLIENT_CLASS,
  practice_area_class: LevelMessage.PRACTICE_AREA_CLASS,
  tenant_class: LevelMessage.TENANT_CLASS,
};

function fromScope({ practiceArea, clientId, matterId, personId, timekeeperClass, taskCode }: ScopeMessage): RateScope {
  return {
    clientId: clientId.toLowerCase(),
    matterId: matterId.toLowerCase(),
    personId: personId.toLowerCase(),
    practiceArea: practiceArea === PracticeArea.UNSPECIFIED ? '' : (PracticeArea[practiceArea] ?? ''),
    timekeeperClass,
    taskCode,
  };
}

function toProto(rate: Rate): HourlyRate {
  return toRate({ ...rate.rule, level: rate.level });
}

function toRate(rate: RateRule & { readonly level: RateLevel }): HourlyRate {
  const { clientId, matterId, practiceArea, personId, timekeeperClass, taskCode } = rate;
  const area = PracticeArea[practiceArea as keyof typeof PracticeArea] ?? PracticeArea.UNSPECIFIED;
  return {
    id: rate.id,
    scope: { clientId, matterId, practiceArea: area, personId, timekeeperClass, taskCode },
    level: levels[rate.level],
    hourlyRate: toMoney(Money.of(minorOfE4(rate.hourlyRateE4, rate.currency) ?? 0n, rate.currency)),
    validFrom: toDate(rate.validFrom),
    validTo: rate.validTo ? toDate(rate.validTo) : undefined,
  };
}

function toExplanation({ agreement, rate, passedOver }: RateExplanation): ExplanationMessage {
  return { agreementId: agreement.id, rate: rate && toRate(rate), passedOver: passedOver.map(toRate) };
}
