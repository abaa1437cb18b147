import { Controller } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { TenantEvent } from '@paradesk/contracts/paradesk/identity/events/v1/tenants';
import { OnEvent, type ReceivedEvent, type Tx } from '@paradesk/platform';
import { TenantsService } from './tenants.service.js';

@Controller()
export class TenantsConsumer {
  constructor(private readonly tenants: TenantsService) {}

  @OnEvent(topics.tenants)
  async changed(tx: Tx, { payload }: ReceivedEvent<TenantEvent>): Promise<void> {
    const tenant = payload.event?.value.tenant;
    if (tenant) await this.tenants.keep(tx, tenant);
  }
}
