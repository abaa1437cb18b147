import { Module } from '@nestjs/common';
import { AgreementsModule } from '../agreements/agreements.module.js';
import { BillableWorkModule } from '../billable-work/billable-work.module.js';
import { GuidelinesModule } from '../guidelines/guidelines.module.js';
import { MattersModule } from '../matters/matters.module.js';
import { PeopleModule } from '../people/people.module.js';
import { TimeEntriesController } from './time-entries.controller.js';
import { TimeEntriesService } from './time-entries.service.js';
import { TimekeepingCopies } from './timekeeping-copies.js';

@Module({
  imports: [PeopleModule, MattersModule, AgreementsModule, BillableWorkModule, GuidelinesModule],
  controllers: [TimeEntriesController],
  providers: [TimeEntriesService, TimekeepingCopies],
  exports: [TimeEntriesService, TimekeepingCopies],
})
export class TimeEntriesModule {}
