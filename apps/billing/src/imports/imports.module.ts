import { Module } from '@nestjs/common';
import { AgreementsModule } from '../agreements/agreements.module.js';
import { BillableWorkModule } from '../billable-work/billable-work.module.js';
import { GuidelinesModule } from '../guidelines/guidelines.module.js';
import { PeriodLocksModule } from '../period-locks/period-locks.module.js';
import { ImportsController } from './imports.controller.js';
import { ImportsService } from './imports.service.js';

@Module({
  imports: [AgreementsModule, BillableWorkModule, PeriodLocksModule, GuidelinesModule],
  controllers: [ImportsController],
  providers: [ImportsService],
})
export class ImportsModule {}
