import { Module } from '@nestjs/common';
import { TenantsModule } from '../tenants/tenants.module.js';
import { PeriodLocksController } from './period-locks.controller.js';
import { PeriodLocksService } from './period-locks.service.js';

@Module({
  imports: [TenantsModule],
  controllers: [PeriodLocksController],
  providers: [PeriodLocksService],
  exports: [PeriodLocksService],
})
export class PeriodLocksModule {}
