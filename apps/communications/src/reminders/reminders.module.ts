import { Controller, Module } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { PersonEvent } from '@paradesk/contracts/paradesk/identity/events/v1/people';
import { OnEvent, type ReceivedEvent, type Tx } from '@paradesk/platform';
import { MessagesModule } from '../messages/messages.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { RemindersService } from './reminders.service.js';

@Controller()
class PeopleConsumer {
  constructor(private readonly reminders: RemindersService) {}

  @OnEvent(topics.people)
  async changed(tx: Tx, { payload: { event } }: ReceivedEvent<PersonEvent>): Promise<void> {
    if (event?.$case === 'qualificationExpiring') await this.reminders.onQualificationExpiring(tx, event.value);
  }
}

@Module({
  imports: [MessagesModule, TenantsModule],
  controllers: [PeopleConsumer],
  providers: [RemindersService],
})
export class RemindersModule {}
