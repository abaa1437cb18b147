import { Injectable } from '@nestjs/common';
import { DocumentsServiceService } from '@paradesk/contracts/paradesk/documents/v1/documents';
import { DomainError } from '@paradesk/kernel';
import { Clock, Database, Jobs, Peers, type RunningJob, type Tx } from '@paradesk/platform';
import { ContactsService } from '../clients/contacts.service.js';
import { TenantsService } from '../tenants/tenants.service.js';
import { invoiceIssued } from '../templates/invoice-issued.js';
import { render } from '../templates/template.js';
import { Mailer, type Mail } from './mailer.js';
import { Message } from './message.entity.js';
import { deliverMessage, NO_BILLING_CONTACT } from './messages.service.js';

// Identity's event of a contact may be on its way for a moment; after about four minutes nobody is to be expected.
const ATTEMPTS_TO_FIND_CONTACT = 5;

/** Where mails and their attachments go and come from. */
@Injectable()
export class Post {
  constructor(
    readonly mailer: Mailer,
    private readonly peers: Peers,
  ) {}

  /** A document's latest version, whole: mail servers take some 25 MB, so it fits into memory. */
  async attachment(tenantId: string, documentId: string): Promise<Mail['attachments'][number]> {
    const documents = this.peers.client('documents', DocumentsServiceService);
    const { name } = await documents.getDocument({ documentId }, { tenantId });
    const parts: Buffer[] = [];
    let contentType = 'application/octet-stream';
    for await (const part of documents.downloadDocument({ documentId }, { tenantId })) {
      contentType = part.contentType || contentType;
      parts.push(part.data);
    }
    return { filename: name, content: Buffer.concat(parts), contentType };
  }
}

/**
 * Sends queued messages. The mail server is asked outside of any transaction, so a crash right after it took a mail over sends that mail
 * a second time, under the same Message-ID; nothing else does.
 */
@Injectable()
export class DeliveriesService {
  constructor(
    private readonly database: Database,
    private readonly post: Post,
    private readonly contacts: ContactsService,
    private readonly tenants: TenantsService,
    private readonly clock: Clock,
  ) {}

  async deliver({ messageId }: { messageId: string }, job: RunningJob): Promise<void> {
    const mail = await this.database.transaction(job, (tx) => this.address(tx, messageId, job));
    if (!mail) return;
    const failure = await this.handOver(mail, job.tenantId);
    await this.database.transaction(job, async (tx) => {
      const message = await lock(tx, messageId);
      if (message?.status !== 'QUEUED') return;
      if (failure) message.fail(failure);
      else message.send(this.clock.now());
      await tx.save(message);
    });
  }

  /** The mail to send; undefined where there is none to send (any more). */
  private async address(
    tx: Tx,
    messageId: string,
    job: RunningJob,
  ): Promise<(Omit<Mail, 'attachments'> & { documentIds: readonly string[] }) | undefined> {
    const message = await lock(tx, messageId);
    if (message?.status !== 'QUEUED') return undefined;
    const contact = await this.contacts.billingContact(tx, message.clientId);
    const tenant = await this.tenants.find(tx);
    if (!contact || !tenant) {
      if (job.attempt < ATTEMPTS_TO_FIND_CONTACT)
        throw DomainError.refused(NO_BILLING_CONTACT, 'the client has no billing contact');
      message.fail(NO_BILLING_CONTACT);
      await tx.save(message);
      return undefined;
    }
    const { subject, body } = render(invoiceIssued, {
      ...message.variables,
      contact: contact.name,
      tenant: tenant.name,
    });
    message.address({ recipient: contact.email, subject, body });
    await tx.save(message);
    return {
      id: message.id,
      from: { name: tenant.name, address: tenant.email },
      to: { name: contact.name, address: contact.email },
      subject,
      text: body,
      documentIds: message.attachmentDocumentIds,
    };
  }

  private async handOver(
    { documentIds, ...mail }: Omit<Mail, 'attachments'> & { documentIds: readonly string[] },
    tenantId: string,
  ) {
    const attachments = [];
    for (const documentId of documentIds) attachments.push(await this.post.attachment(tenantId, documentId));
    try {
      await this.post.mailer.hand({ ...mail, attachments });
      return undefined;
    } catch (error) {
      if (error instanceof DomainError && error.reason === 'MAIL_REFUSED') return error.reason;
      throw error;
    }
  }
}

/** Says who delivers. */
@Injectable()
export class DeliverMessageJob {
  constructor(jobs: Jobs, deliveries: DeliveriesService) {
    jobs.handle(deliverMessage, (payload, job) => deliveries.deliver(payload, job));
  }
}

async function lock(tx: Tx, id: string): Promise<Message | null> {
  return tx.findOne(Message, { where: { tenantId: tx.tenantId, id }, lock: { mode: 'pessimistic_write' } });
}
