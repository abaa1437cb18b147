import { Controller } from '@nestjs/common';
import {
  GuidelinesServiceControllerMethods,
  type GetGuidelinesRequest,
  type Guidelines as GuidelinesMessage,
  type GuidelinesServiceController,
  type SetGuidelinesRequest,
} from '@paradesk/contracts/paradesk/billing/v1/guidelines';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { fromGuideline, fromSeverity, toGuideline, toSeverity } from './guideline.message.js';
import { SHIPPED_GUIDELINES, type Guideline, type Guidelines } from './guideline.js';
import { GuidelinesService } from './guidelines.service.js';

@Controller()
@GuidelinesServiceControllerMethods()
export class GuidelinesController implements GuidelinesServiceController {
  constructor(private readonly guidelines: GuidelinesService) {}

  async getGuidelines({ clientId }: GetGuidelinesRequest, metadata: CallMetadata) {
    const own = await this.guidelines.get(callerOf(metadata), clientId);
    return toProto(clientId, own?.guidelines ?? SHIPPED_GUIDELINES, !own);
  }

  async setGuidelines(request: SetGuidelinesRequest, metadata: CallMetadata) {
    const { clientId, rules, approvedPersonIds, allowedTaskCodes } = request;
    const { guidelines } = await this.guidelines.set(callerOf(metadata), clientId, {
      severities: Object.fromEntries(
        rules.map(({ guideline, severity }) => [fromGuideline(guideline), fromSeverity(severity)]),
      ),
      maxHoursPerDay: request.maxHoursPerDay || SHIPPED_GUIDELINES.maxHoursPerDay,
      lateAfterDays: request.lateAfterDays || SHIPPED_GUIDELINES.lateAfterDays,
      minNarrativeWords: request.minNarrativeWords || SHIPPED_GUIDELINES.minNarrativeWords,
      approvedPersonIds: approvedPersonIds.map((id) => id.toLowerCase()),
      allowedTaskCodes,
    });
    return toProto(clientId, guidelines, false);
  }
}

function toProto(clientId: string, { severities, ...own }: Guidelines, shipped: boolean): GuidelinesMessage {
  const rules = (Object.keys(severities) as Guideline[]).map((guideline) => ({
    guideline: toGuideline(guideline),
    severity: toSeverity(severities[guideline]),
  }));
  const [approvedPersonIds, allowedTaskCodes] = [[...own.approvedPersonIds], [...own.allowedTaskCodes]];
  return { ...own, clientId, rules, approvedPersonIds, allowedTaskCodes, shipped };
}
