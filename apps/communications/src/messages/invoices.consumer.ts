import { Controller } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { InvoiceEvent } from '@paradesk/contracts/paradesk/billing/events/v1/invoices';
import { OnEvent, type ReceivedEvent, type Tx } from '@paradesk/platform';
import { MessagesService } from './messages.service.js';

@Controller()
export class InvoicesConsumer {
  constructor(private readonly messages: MessagesService) {}

  // The mail carries the PDF, so it is written when the files are there rather than when the invoice was issued.
  @OnEvent(topics.invoices)
  async changed(tx: Tx, { payload: { event } }: ReceivedEvent<InvoiceEvent>): Promise<void> {
    if (event?.$case === 'filed' && event.value.invoice) await this.messages.onInvoiceFiled(tx, event.value.invoice);
  }
}
