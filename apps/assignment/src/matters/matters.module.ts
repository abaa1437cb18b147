import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { PeopleModule } from '../people/people.module.js';
import { ErasuresConsumer } from './erasures.consumer.js';
import { MatterChanges } from './matter-changes.js';
import { MattersController } from './matters.controller.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { MattersService } from './matters.service.js';
import { StaffingService } from './staffing.service.js';

@Module({
  imports: [ClientsModule, PeopleModule, TenantsModule],
  controllers: [MattersController, ErasuresConsumer],
  providers: [MattersService, MatterChanges, StaffingService],
  exports: [MatterChanges],
})
export class MattersModule {}
