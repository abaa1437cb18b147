import { Module } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import { MessagesServiceService } from '@paradesk/contracts/paradesk/communications/v1/messages';
import { defineService } from '@paradesk/platform';
import { ClientsModule } from './clients/clients.module.js';
import { communicationsConfig } from './config.js';
import { entities, migrations } from './data-source.js';
import { MattersModule } from './matters/matters.module.js';
import { MessagesModule } from './messages/messages.module.js';
import { RemindersModule } from './reminders/reminders.module.js';
import { TenantsModule } from './tenants/tenants.module.js';

@Module({ imports: [TenantsModule, ClientsModule, MattersModule, MessagesModule, RemindersModule] })
export class CommunicationsModule {}

/** What is written to people at clients. */
export const communications = defineService({
  name: 'communications',
  module: CommunicationsModule,
  config: communicationsConfig,
  entities,
  migrations,
  grpc: [MessagesServiceService],
  consumes: [topics.tenants, topics.clients, topics.people, topics.matters, topics.invoices],
});
