import {
  Ctx,
  type CustomTransportStrategy,
  EventPattern,
  type MessageHandler,
  Payload,
  Server,
} from '@nestjs/microservices';
import type { Topic } from '@paradesk/contracts';
import { isObservable, lastValueFrom } from 'rxjs';
import type { EventChannel, Subscription } from './event-channel.js';
import type { EventHandler, Inbox } from './inbox.js';

// Keeps handlers of events and of RPCs apart in an app that has both.
const EVENTS = Symbol('paradesk.events');

type HandlerMethod<T> = (
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<EventHandler<T>>,
) => void;

/**
 * Makes a method of a controller the handler of a topic: `(tx, event)`, in the inbox transaction of the event's tenant. It uses
 * only `tx`. It throws DomainError unavailable to have the event again later; any other error parks the event, after three tries.
 */
export function OnEvent<T>(topic: Topic<T>): HandlerMethod<T> {
  const pattern = EventPattern(topic.name, EVENTS, { topic }) as unknown as HandlerMethod<T>;
  return (target, key, method) => {
    // Without these Nest hands over the first argument only.
    Payload()(target, key, 0);
    Ctx()(target, key, 1);
    pattern(target, key, method);
  };
}

/** What the events of a service come from and go to. */
export interface EventsOptions {
  readonly channel: EventChannel;
  readonly inbox: Inbox;
  /** Name of the consumer group: the service's. */
  readonly group: string;
  /** What the service says that it hears of: exactly the topics of its handlers. */
  readonly consumes: readonly Pick<Topic<unknown>, 'name'>[];
}

type NestHandler = (...args: Parameters<EventHandler<unknown>>) => unknown;

/**
 * Brings events from a channel through the inbox to the controllers. Nest's own Kafka transport is not used: it commits messages
 * that have no handler, retries poison for ever, and decodes binary payloads as text.
 */
export class EventsStrategy extends Server implements CustomTransportStrategy {
  override transportId = EVENTS;
  // The inbox sees to errors; Nest need not log them.
  override propagatesEventHandlerErrors = true;
  private readonly handlers = new Map<string, { topic: Topic<unknown>; handle: NestHandler }[]>();
  private subscription: Subscription | undefined;

  constructor(private readonly options: EventsOptions) {
    super();
  }

  override addHandler(
    pattern: string,
    handle: MessageHandler,
    isEventHandler?: boolean,
    extras?: { topic?: Topic<unknown> },
  ): void {
    if (!isEventHandler || !extras?.topic) throw new Error(`the handler of ${pattern} is not marked with @OnEvent`);
    const others = this.handlers.get(pattern) ?? [];
    this.handlers.set(pattern, [...others, { topic: extras.topic, handle: handle as unknown as NestHandler }]);
  }

  listen(callback: (error?: unknown) => void): void {
    this.subscribe().then(() => callback(), callback);
  }

  /** Takes no more events and waits for those that are being handled. */
  async close(): Promise<void> {
    await this.subscription?.close();
  }

  on(): void {
    // no events of the transport are offered
  }

  unwrap<T>(): T {
    return this.options.channel as T;
  }

  private async subscribe(): Promise<void> {
    const { channel, inbox, group, consumes } = this.options;
    const problems = this.problems();
    if (problems.length > 0) throw new Error(`${group} cannot consume: ${problems.join('; ')}`);
    for (const [handler] of this.handlers.values()) {
      if (handler) inbox.on(handler.topic, settled(handler.handle));
    }
    const names = consumes.map(({ name }) => name);
    this.subscription = await channel.subscribe(group, names, (record) => inbox.receive(record));
  }

  private problems(): string[] {
    const consumed = new Set(this.options.consumes.map(({ name }) => name));
    const unhandled = [...consumed].filter((name) => !this.handlers.has(name));
    return [
      ...unhandled.map((name) => `${name} has no handler`),
      ...[...this.handlers.keys()]
        .filter((name) => !consumed.has(name))
        .map((name) => `${name} has a handler but is not consumed`),
      ...[...this.handlers]
        .filter(([, all]) => all.length > 1)
        .map(([name, all]) => `${name} has ${all.length} handlers`),
    ];
  }
}

/** An error reaches Nest's caller as a rejection or, from some exception filters, as an Observable that fails. */
function settled(handle: NestHandler): EventHandler<unknown> {
  return async (tx, event) => {
    const result = await handle(tx, event);
    if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
  };
}
