import { Controller } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { MatterEvent } from '@paradesk/contracts/paradesk/assignment/events/v1/matters';
import type { ClientEvent } from '@paradesk/contracts/paradesk/identity/events/v1/clients';
import { keepMatterAccess, OnEvent, type ReceivedEvent, type Tx } from '@paradesk/platform';
import { CaseFilesService } from './case-files.service.js';

@Controller()
export class CaseFilesConsumer {
  constructor(private readonly caseFiles: CaseFilesService) {}

  @OnEvent(topics.clients)
  async clientChanged(tx: Tx, { payload }: ReceivedEvent<ClientEvent>): Promise<void> {
    const client = payload.event?.value.client;
    if (client) await this.caseFiles.keepClient(tx, client);
  }

  @OnEvent(topics.matters)
  async matterChanged(tx: Tx, { payload }: ReceivedEvent<MatterEvent>): Promise<void> {
    const matter = payload.event?.value.matter;
    if (!matter) return;
    await keepMatterAccess(tx, matter, payload.walledPersonIds);
    await this.caseFiles.keepMatter(tx, matter);
  }
}
