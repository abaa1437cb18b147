import { Controller } from '@nestjs/common';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import {
  type CreatePersonRequest,
  type DeactivatePersonRequest,
  type GetPersonRequest,
  type ListPeopleRequest,
  PeopleServiceControllerMethods,
  type PeopleServiceController,
  type ReactivatePersonRequest,
} from '@paradesk/contracts/paradesk/identity/v1/people';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { PeopleService } from './people.service.js';
import { toProto } from './person.message.js';

@Controller()
@PeopleServiceControllerMethods()
export class PeopleController implements PeopleServiceController {
  constructor(private readonly people: PeopleService) {}

  createPerson(request: CreatePersonRequest, metadata: CallMetadata) {
    return this.people.create(callerOf(metadata), { ...request, role: Role[request.role] }).then(toProto);
  }

  getPerson(request: GetPersonRequest, metadata: CallMetadata) {
    return this.people.get(callerOf(metadata), request.personId).then(toProto);
  }

  listPeople({ page, timekeeperCode, role }: ListPeopleRequest, metadata: CallMetadata) {
    const filter = { timekeeperCode, ...(role !== Role.UNSPECIFIED && { role: Role[role] }) };
    return this.people
      .list(callerOf(metadata), page, filter)
      .then((list) => ({ people: list.items.map(toProto), page: list.page }));
  }

  deactivatePerson(request: DeactivatePersonRequest, metadata: CallMetadata) {
    return this.people.deactivate(callerOf(metadata), request.personId).then(toProto);
  }

  reactivatePerson(request: ReactivatePersonRequest, metadata: CallMetadata) {
    return this.people.reactivate(callerOf(metadata), request.personId).then(toProto);
  }
}
