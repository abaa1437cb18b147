import { Module } from '@nestjs/common';
import { AgreementsModule } from '../agreements/agreements.module.js';
import { BillableWorkModule } from '../billable-work/billable-work.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { LedgerModule } from '../ledger/ledger.module.js';
import { ProposalsModule } from '../proposals/proposals.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { InvoiceAnnouncements } from './invoice-announcements.js';
import { InvoiceDatesService } from './invoice-dates.service.js';
import { InvoiceDraftsService } from './invoice-drafts.service.js';
import { InvoiceFilesService } from './invoice-files.service.js';
import { InvoiceIssuesService } from './invoice-issues.service.js';
import { InvoicesController } from './invoices.controller.js';
import { InvoicesService } from './invoices.service.js';

@Module({
  imports: [AgreementsModule, BillableWorkModule, ClientsModule, LedgerModule, ProposalsModule, TenantsModule],
  controllers: [InvoicesController],
  providers: [
    InvoiceAnnouncements,
    InvoiceDatesService,
    InvoiceDraftsService,
    InvoiceFilesService,
    InvoiceIssuesService,
    InvoicesService,
  ],
  exports: [InvoiceAnnouncements, InvoiceDatesService, InvoiceDraftsService, InvoiceIssuesService],
})
export class InvoicesModule {}
