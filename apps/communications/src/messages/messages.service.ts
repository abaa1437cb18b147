import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { Invoice } from '@paradesk/contracts/paradesk/billing/v1/invoices';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Database, defineJob, Ids, Jobs, pageQuery, pageResult, type Tx } from '@paradesk/platform';
import { LessThan } from 'typeorm';
import { invoiceIssued } from '../templates/invoice-issued.js';
import { labelOf } from '../templates/template.js';
import { invoiceVariables } from './invoice-variables.js';
import { Message } from './message.entity.js';

/** Sends a queued message. */
export const deliverMessage = defineJob<{ messageId: string }>('deliver-message');

/** Reason of a message that nobody can be found for. */
export const NO_BILLING_CONTACT = 'NO_BILLING_CONTACT';

/** Which messages to list. Empty text is no limit. */
export interface MessageFilter {
  readonly page: PageRequest | undefined;
  readonly clientId: string;
  readonly invoiceId: string;
}

@Injectable()
export class MessagesService {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly ids: Ids,
  ) {}

  async onInvoiceFiled(tx: Tx, invoice: Invoice): Promise<void> {
    const { id, at } = this.ids.stamp();
    const message = Message.write(
      { tenantId: tx.tenantId, id, writtenAt: at },
      {
        clientId: invoice.clientId,
        invoiceId: invoice.id,
        matterIds: invoice.matterIds,
        template: labelOf(invoiceIssued),
        variables: invoiceVariables(invoice),
        attachmentDocumentIds: [invoice.pdfDocumentId],
      },
    );
    await tx.insert(Message, message);
    await this.queue(tx, message);
  }

  /** A contact may be what failed messages were waiting for. */
  async onContactsChanged(tx: Tx, clientId: string): Promise<void> {
    const waiting = await tx.find(Message, {
      where: { tenantId: tx.tenantId, clientId, status: 'FAILED', failure: NO_BILLING_CONTACT },
      lock: { mode: 'pessimistic_write' },
    });
    for (const message of waiting) {
      message.requeue();
      await tx.save(message);
      await this.queue(tx, message);
    }
  }

  async get(caller: Caller, id: string): Promise<Message> {
    return this.database.transaction(caller, async (tx) => {
      const message = await tx.findOneBy(Message, { tenantId: tx.tenantId, id });
      if (!message) throw DomainError.notFound('message', id);
      return message;
    });
  }

  /** The newest first. */
  async list(
    caller: Caller,
    { page, clientId, invoiceId }: MessageFilter,
  ): Promise<{ items: Message[]; page: PageResult }> {
    const query = pageQuery(page);
    const rows = await this.database.transaction(caller, (tx) =>
      tx.find(Message, {
        where: {
          tenantId: tx.tenantId,
          ...(clientId && { clientId }),
          ...(invoiceId && { invoiceId }),
          ...(query.after && { id: LessThan(query.after) }),
        },
        order: { id: 'DESC' },
        take: query.size + 1,
      }),
    );
    return pageResult(rows, query, (message) => message.id);
  }

  private async queue(tx: Tx, message: Message): Promise<void> {
    await this.jobs.add(tx, deliverMessage, { messageId: message.id }, { key: message.id });
  }
}
