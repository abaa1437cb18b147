import { Module } from '@nestjs/common';
import { InvoicesModule } from '../invoices/invoices.module.js';
import { LedgerModule } from '../ledger/ledger.module.js';
import { AllocationsService } from './allocations.service.js';

@Module({ imports: [InvoicesModule, LedgerModule], providers: [AllocationsService], exports: [AllocationsService] })
export class AllocationsModule {}
