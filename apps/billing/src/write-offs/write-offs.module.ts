import { Module } from '@nestjs/common';
import { InvoicesModule } from '../invoices/invoices.module.js';
import { LedgerModule } from '../ledger/ledger.module.js';
import { WriteOffsController } from './write-offs.controller.js';
import { WriteOffEffects, WriteOffsService } from './write-offs.service.js';

@Module({
  imports: [InvoicesModule, LedgerModule],
  controllers: [WriteOffsController],
  providers: [WriteOffsService, WriteOffEffects],
})
export class WriteOffsModule {}
