import { Controller } from '@nestjs/common';
import {
  type CreateTenantRequest,
  type GetTenantRequest,
  type TenantsServiceController,
  TenantsServiceControllerMethods,
} from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { toProto } from './tenant.message.js';
import { TenantsService } from './tenants.service.js';

@Controller()
@TenantsServiceControllerMethods()
export class TenantsController implements TenantsServiceController {
  constructor(private readonly tenants: TenantsService) {}

  createTenant(request: CreateTenantRequest) {
    return this.tenants.create(request).then(toProto);
  }

  getTenant(request: GetTenantRequest, metadata: CallMetadata) {
    return this.tenants.get(callerOf(metadata), request.tenantId).then(toProto);
  }
}
