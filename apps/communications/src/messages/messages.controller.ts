import { Controller } from '@nestjs/common';
import {
  type GetMessageRequest,
  type ListMessagesRequest,
  type MessagesServiceController,
  MessagesServiceControllerMethods,
} from '@paradesk/contracts/paradesk/communications/v1/messages';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { toProto } from './message.message.js';
import { MessagesService } from './messages.service.js';

@Controller()
@MessagesServiceControllerMethods()
export class MessagesController implements MessagesServiceController {
  constructor(private readonly messages: MessagesService) {}

  getMessage(request: GetMessageRequest, metadata: CallMetadata) {
    return this.messages.get(callerOf(metadata), request.messageId).then(toProto);
  }

  listMessages(request: ListMessagesRequest, metadata: CallMetadata) {
    return this.messages
      .list(callerOf(metadata), request)
      .then((list) => ({ messages: list.items.map(toProto), page: list.page }));
  }
}
