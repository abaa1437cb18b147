import { Controller } from '@nestjs/common';
import { toTimestamp } from '@paradesk/contracts';
import {
  type DiscardParkedEventRequest,
  type ListParkedEventsRequest,
  type ListParkedEventsResponse,
  ParkedEventsServiceControllerMethods,
  type ParkedEventsServiceController,
  type RedriveParkedEventsRequest,
  type RedriveParkedEventsResponse,
} from '@paradesk/contracts/paradesk/operations/v1/parked_events';
import { DomainError } from '@paradesk/kernel';
import { callerOf, type CallMetadata } from '../grpc/call-scope.js';
import { ServiceName } from '../run/service-name.js';
import { ParkedEvents } from './parked-events.js';

/** Every service serves its parked events by this; only operators may call it. */
@Controller()
@ParkedEventsServiceControllerMethods()
export class ParkedEventsController implements ParkedEventsServiceController {
  constructor(
    private readonly parked: ParkedEvents,
    private readonly self: ServiceName,
  ) {}

  async listParkedEvents({ limit }: ListParkedEventsRequest): Promise<ListParkedEventsResponse> {
    const events = await this.parked.list({ limit: limit || 100 });
    return { events: events.map((event) => ({ ...event, parkedAt: toTimestamp(event.parkedAt) })) };
  }

  /** @throws DomainError not-found PARKED_EVENT_NOT_FOUND for an aggregate of which nothing is parked */
  async redriveParkedEvents({ aggregateId }: RedriveParkedEventsRequest): Promise<RedriveParkedEventsResponse> {
    const { handled, parked } = await this.parked.redrive(this.self.name, aggregateId);
    if (handled + parked === 0) throw DomainError.notFound('parked event', aggregateId);
    return { handled, parked };
  }

  async discardParkedEvent(request: DiscardParkedEventRequest, metadata: CallMetadata) {
    const { aggregateId, eventId, reason } = request;
    const who = callerOf(metadata).personId ?? 'operator';
    await this.parked.discard(this.self.name, aggregateId, eventId, reason, who);
    return {};
  }
}
