import { Module } from '@nestjs/common';
import { ClientsConsumer } from './clients.consumer.js';
import { ClientsService } from './clients.service.js';

@Module({ controllers: [ClientsConsumer], providers: [ClientsService], exports: [ClientsService] })
export class ClientsModule {}
