import { Controller } from '@nestjs/common';
import { fromDate } from '@paradesk/contracts';
import {
  AgreementsServiceControllerMethods,
  type AgreementsServiceController,
  type CompleteMilestoneRequest,
  type CreateAgreementRequest,
  type EndAgreementRequest,
  type GetAgreementRequest,
  type ListAgreementsRequest,
  type ListFixedFeesRequest,
} from '@paradesk/contracts/paradesk/billing/v1/agreements';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { FixedFeesService } from '../fixed-fees/fixed-fees.service.js';
import { fromTerms, toFixedFee, toProto } from './agreement.message.js';
import { AgreementsService } from './agreements.service.js';

@Controller()
@AgreementsServiceControllerMethods()
export class AgreementsController implements AgreementsServiceController {
  constructor(
    private readonly agreements: AgreementsService,
    private readonly fees: FixedFeesService,
  ) {}

  async createAgreement(request: CreateAgreementRequest, metadata: CallMetadata) {
    return toProto(await this.agreements.create(callerOf(metadata), request, fromTerms(request)));
  }

  async endAgreement({ agreementId, validTo }: EndAgreementRequest, metadata: CallMetadata) {
    return toProto(await this.agreements.end(callerOf(metadata), agreementId, fromDate(validTo, 'validTo')));
  }

  async getAgreement(request: GetAgreementRequest, metadata: CallMetadata) {
    return toProto(await this.agreements.get(callerOf(metadata), request.agreementId));
  }

  async listAgreements({ page, ...filter }: ListAgreementsRequest, metadata: CallMetadata) {
    const list = await this.agreements.list(callerOf(metadata), filter, page);
    return { agreements: list.items.map(toProto), page: list.page };
  }

  async completeMilestone(request: CompleteMilestoneRequest, metadata: CallMetadata) {
    const { agreementId, feeKey, milestoneKey, completedOn } = request;
    const completed = { feeKey, milestoneKey, completedOn: fromDate(completedOn, 'completedOn') };
    return toFixedFee(await this.fees.complete(callerOf(metadata), agreementId, completed));
  }

  async listFixedFees({ page, ...filter }: ListFixedFeesRequest, metadata: CallMetadata) {
    const list = await this.fees.list(callerOf(metadata), filter, page);
    return { fixedFees: list.items.map(toFixedFee), page: list.page };
  }
}
