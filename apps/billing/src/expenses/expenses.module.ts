import { Module } from '@nestjs/common';
import { AgreementsModule } from '../agreements/agreements.module.js';
import { BillableWorkModule } from '../billable-work/billable-work.module.js';
import { MattersModule } from '../matters/matters.module.js';
import { ExpensesController } from './expenses.controller.js';
import { ExpensesService } from './expenses.service.js';

@Module({
  imports: [MattersModule, AgreementsModule, BillableWorkModule],
  controllers: [ExpensesController],
  providers: [ExpensesService],
})
export class ExpensesModule {}
