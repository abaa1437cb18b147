import { Module } from '@nestjs/common';
import { BillableWorkModule } from '../billable-work/billable-work.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { InvoicesModule } from '../invoices/invoices.module.js';
import { BillingRunsController } from './billing-runs.controller.js';
import { BillingRunsService } from './billing-runs.service.js';
import { RunWorkService } from './run-work.service.js';

@Module({
  imports: [BillableWorkModule, ClientsModule, InvoicesModule],
  controllers: [BillingRunsController],
  providers: [BillingRunsService, RunWorkService],
})
export class BillingRunsModule {}
