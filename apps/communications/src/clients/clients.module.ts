import { Module } from '@nestjs/common';
import { MessagesModule } from '../messages/messages.module.js';
import { ClientsConsumer } from './clients.consumer.js';
import { ContactsModule } from './contacts.module.js';

@Module({ imports: [ContactsModule, MessagesModule], controllers: [ClientsConsumer] })
export class ClientsModule {}
