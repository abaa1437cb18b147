import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { PeopleModule } from '../people/people.module.js';
import { MattersController } from './matters.controller.js';
import { MattersService } from './matters.service.js';

@Module({ imports: [ClientsModule, PeopleModule], controllers: [MattersController], providers: [MattersService] })
export class MattersModule {}
