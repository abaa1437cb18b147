import { toTimestamp } from '@paradesk/contracts';
import { type Message as MessageMessage, MessageStatus } from '@paradesk/contracts/paradesk/communications/v1/messages';
import type { Message } from './message.entity.js';

/** A message as answers carry it. */
export function toProto(message: Message): MessageMessage {
  return {
    id: message.id,
    clientId: message.clientId,
    invoiceId: message.invoiceId,
    template: message.template,
    recipient: message.recipient,
    subject: message.subject,
    body: message.body,
    attachmentDocumentIds: [...message.attachmentDocumentIds],
    status: MessageStatus[message.status],
    failure: message.failure,
    writtenAt: toTimestamp(message.writtenAt),
    sentAt: message.sentAt ? toTimestamp(message.sentAt) : undefined,
  };
}
