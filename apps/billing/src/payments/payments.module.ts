import { Module } from '@nestjs/common';
import { AllocationsModule } from '../allocations/allocations.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { InvoicesModule } from '../invoices/invoices.module.js';
import { LedgerModule } from '../ledger/ledger.module.js';
import { ClientCreditService } from './client-credit.service.js';
import { PaymentReceiptsService } from './payment-receipts.service.js';
import { PaymentReturnsService } from './payment-returns.service.js';
import { PaymentsController } from './payments.controller.js';
import { PaymentsService } from './payments.service.js';

@Module({
  imports: [AllocationsModule, ClientsModule, InvoicesModule, LedgerModule],
  controllers: [PaymentsController],
  providers: [PaymentsService, PaymentReceiptsService, PaymentReturnsService, ClientCreditService],
})
export class PaymentsModule {}
