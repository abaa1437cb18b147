import { Module } from '@nestjs/common';
import { ContactsModule } from '../clients/contacts.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { DeliveriesService, DeliverMessageJob, Post } from './deliveries.service.js';
import { InvoicesConsumer } from './invoices.consumer.js';
import { Mailer } from './mailer.js';
import { MessagesController } from './messages.controller.js';
import { MessagesService } from './messages.service.js';

@Module({
  imports: [ContactsModule, TenantsModule],
  controllers: [MessagesController, InvoicesConsumer],
  providers: [MessagesService, DeliveriesService, DeliverMessageJob, Post, Mailer],
  exports: [MessagesService, Mailer],
})
export class MessagesModule {}
