import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { FixedFeesModule } from '../fixed-fees/fixed-fees.module.js';
import { MattersModule } from '../matters/matters.module.js';
import { PeopleModule } from '../people/people.module.js';
import { AgreementCopies } from './agreement-copies.js';
import { AgreementsController } from './agreements.controller.js';
import { AgreementsService } from './agreements.service.js';

@Module({
  imports: [ClientsModule, FixedFeesModule, MattersModule, PeopleModule],
  controllers: [AgreementsController],
  providers: [AgreementCopies, AgreementsService],
  exports: [AgreementsService],
})
export class AgreementsModule {}
