import { Controller } from '@nestjs/common';
import { fromDate } from '@paradesk/contracts';
import {
  type ListExpiringQualificationsRequest,
  type ListQualificationsRequest,
  QualificationKind,
  QualificationsServiceControllerMethods,
  type QualificationsServiceController,
  type RecordQualificationRequest,
  type RequireQualificationsRequest,
  type RevokeQualificationRequest,
} from '@paradesk/contracts/paradesk/identity/v1/qualifications';
import { QualificationRequirement } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { toProto as toTenant } from '../tenants/tenant.message.js';
import type { Tenant } from '../tenants/tenant.entity.js';
import { TenantsService } from '../tenants/tenants.service.js';
import type { NewQualification } from './qualification.js';
import { toProto } from './qualification.message.js';
import { QualificationsService } from './qualifications.service.js';

@Controller()
@QualificationsServiceControllerMethods()
export class QualificationsController implements QualificationsServiceController {
  constructor(
    private readonly qualifications: QualificationsService,
    private readonly tenants: TenantsService,
  ) {}

  recordQualification(request: RecordQualificationRequest, metadata: CallMetadata) {
    return this.qualifications.record(callerOf(metadata), request.personId, toQualification(request)).then(toProto);
  }

  revokeQualification({ personId, qualificationId }: RevokeQualificationRequest, metadata: CallMetadata) {
    return this.qualifications.revoke(callerOf(metadata), personId, qualificationId).then(toProto);
  }

  listQualifications(request: ListQualificationsRequest, metadata: CallMetadata) {
    return this.qualifications
      .list(callerOf(metadata), request.personId)
      .then((list) => ({ qualifications: list.map(toProto) }));
  }

  listExpiringQualifications({ page, withinDays }: ListExpiringQualificationsRequest, metadata: CallMetadata) {
    return this.qualifications
      .listExpiring(callerOf(metadata), page, withinDays)
      .then((list) => ({ qualifications: list.items.map(toProto), page: list.page }));
  }

  requireQualifications({ tenantId, requirement }: RequireQualificationsRequest, metadata: CallMetadata) {
    const required = QualificationRequirement[requirement] as Tenant['qualificationRequirement'];
    return this.tenants.requireQualifications(callerOf(metadata), tenantId, required).then(toTenant);
  }
}

// The contracts' field rules let only stated, known kinds through.
function toQualification(request: RecordQualificationRequest): NewQualification {
  const { kind, jurisdiction, issuer, number, validFrom, validUntil } = request;
  return {
    kind: QualificationKind[kind] as NewQualification['kind'],
    jurisdiction: jurisdiction.trim(),
    issuer,
    number,
    validFrom: fromDate(validFrom, 'validFrom'),
    validUntil: validUntil ? fromDate(validUntil, 'validUntil') : null,
  };
}
