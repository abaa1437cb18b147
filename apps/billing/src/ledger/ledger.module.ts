import { Module } from '@nestjs/common';
import { JournalsService } from './journals.service.js';
import { LedgerController } from './ledger.controller.js';
import { LedgerService } from './ledger.service.js';

@Module({ controllers: [LedgerController], providers: [LedgerService, JournalsService], exports: [LedgerService] })
export class LedgerModule {}
