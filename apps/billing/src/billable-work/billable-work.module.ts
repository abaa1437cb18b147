import { Module } from '@nestjs/common';
import { PeriodLocksModule } from '../period-locks/period-locks.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { BillableWorkService } from './billable-work.service.js';
import { RecordingsService } from './recordings.service.js';

@Module({
  imports: [TenantsModule, PeriodLocksModule],
  providers: [BillableWorkService, RecordingsService],
  exports: [BillableWorkService, RecordingsService],
})
export class BillableWorkModule {}
