import { Module } from '@nestjs/common';
import { BillableWorkModule } from '../billable-work/billable-work.module.js';
import { TimeEntriesModule } from '../time-entries/time-entries.module.js';
import { TimersController } from './timers.controller.js';
import { TimersService } from './timers.service.js';

@Module({
  imports: [TimeEntriesModule, BillableWorkModule],
  controllers: [TimersController],
  providers: [TimersService],
})
export class TimersModule {}
