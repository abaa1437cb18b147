import { Controller } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { PersonEvent } from '@paradesk/contracts/paradesk/identity/events/v1/people';
import { OnEvent, type ReceivedEvent, type Tx } from '@paradesk/platform';
import { PeopleService } from './people.service.js';

@Controller()
export class PeopleConsumer {
  constructor(private readonly people: PeopleService) {}

  @OnEvent(topics.people)
  async changed(tx: Tx, { payload }: ReceivedEvent<PersonEvent>): Promise<void> {
    const person = payload.event?.value.person;
    if (person) await this.people.keep(tx, person);
  }
}
