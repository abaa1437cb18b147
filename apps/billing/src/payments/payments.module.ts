import { Module } from '@nestjs/common';
import { InvoicesModule } from '../invoices/invoices.module.js';
import { LedgerModule } from '../ledger/ledger.module.js';
import { PaymentsController } from './payments.controller.js';
import { PaymentsService } from './payments.service.js';

@Module({ imports: [InvoicesModule, LedgerModule], controllers: [PaymentsController], providers: [PaymentsService] })
export class PaymentsModule {}
