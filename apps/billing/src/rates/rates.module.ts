import { Module } from '@nestjs/common';
import { AgreementsModule } from '../agreements/agreements.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { MattersModule } from '../matters/matters.module.js';
import { PeopleModule } from '../people/people.module.js';
import { RateCopies } from './rate-copies.js';
import { RatesController } from './rates.controller.js';
import { RatesService } from './rates.service.js';

@Module({
  imports: [AgreementsModule, ClientsModule, MattersModule, PeopleModule],
  controllers: [RatesController],
  providers: [RateCopies, RatesService],
})
export class RatesModule {}
