import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { topics, type Topic } from '@paradesk/contracts';
import type { ClientEvent } from '@paradesk/contracts/paradesk/identity/events/v1/clients';
import type { MatterEvent } from '@paradesk/contracts/paradesk/assignment/events/v1/matters';
import { DomainError } from '@paradesk/kernel';
import type { Tx } from '../../src/database/database.js';
import { EventsStrategy, OnEvent } from '../../src/messaging/event-handlers.js';
import { InProcessChannel } from '../../src/messaging/in-process-channel.js';
import { Inbox, type ReceivedEvent } from '../../src/messaging/inbox.js';
import { RethrowFilter } from '../../src/run/rethrow-filter.js';
import { aRecord } from './builders.js';
import { MessagingDatabase, takeEffect } from './messaging-database.js';

let db: MessagingDatabase;
let app: INestApplication | undefined;
let channel: InProcessChannel;

/** What a test makes the handler throw. */
let failure: (() => Error) | undefined;

@Controller()
class ClientsConsumer {
  private readonly taken: string[] = [];

  @OnEvent(topics.clients)
  async registered(tx: Tx, event: ReceivedEvent<ClientEvent>): Promise<void> {
    if (event.payload.event?.$case === 'created') this.taken.push(event.id);
    await takeEffect(tx, event);
    if (failure) throw failure();
  }
}

@Controller()
class OtherClientsConsumer {
  @OnEvent(topics.clients)
  async alsoRegistered(tx: Tx, event: ReceivedEvent<ClientEvent>): Promise<void> {
    await takeEffect(tx, event);
  }
}

@Controller()
class MattersConsumer {
  @OnEvent(topics.matters)
  async opened(tx: Tx, event: ReceivedEvent<MatterEvent>): Promise<void> {
    await takeEffect(tx, event);
  }
}

beforeAll(async () => {
  db = await MessagingDatabase.open();
});

afterEach(async () => {
  failure = undefined;
  await app?.close();
  await channel.close();
  app = undefined;
  expect(await db.brokenPromises()).toEqual([]);
});

afterAll(() => db.close());

async function start(controllers: Type[], consumes: readonly Pick<Topic<unknown>, 'name'>[]): Promise<void> {
  channel = new InProcessChannel();
  const inbox = new Inbox(db.database, 'billing');
  class Root {}
  const module = { module: Root, controllers };
  app = await NestFactory.create(module, new FastifyAdapter(), { logger: false, abortOnError: false });
  app.useGlobalFilters(new RethrowFilter());
  const strategy = new EventsStrategy({ channel, inbox, group: 'billing', consumes });
  app.connectMicroservice({ strategy }, { inheritAppConfig: true });
  await app.startAllMicroservices();
  channel.open();
}

describe('a handler in a Nest app', () => {
  it('takes effect in the inbox transaction', async () => {
    await start([ClientsConsumer, MattersConsumer], [topics.clients, topics.matters]);
    const [client, matter] = [aRecord(), aRecord({ topic: topics.matters.name, payload: new Uint8Array() })];
    await channel.publish([client, matter, client]);
    expect(await db.effectsOf(client.key)).toEqual([1]);
    expect(await db.effectsOf(matter.key)).toEqual([1]);
  });

  it.each([
    { name: 'a refusal', thrown: () => DomainError.refused('CLIENT_CLOSED', 'closed'), reason: 'CLIENT_CLOSED' },
    { name: 'a bug', thrown: () => new RangeError('privileged'), reason: 'RangeError' },
  ])('parks the event by the reason of its own error: $name', async ({ thrown, reason }) => {
    await start([ClientsConsumer], [topics.clients]);
    failure = thrown;
    const record = aRecord();
    await channel.publish([record]);
    expect(await db.effectsOf(record.key)).toEqual([]);
    expect(
      await db.rows('select reason, attempts from messaging.parked_events where event_id = $1', [record.eventId]),
    ).toEqual([{ reason, attempts: 3 }]);
  });

  it('has the event again when what was in the way is likely to pass', async () => {
    await start([ClientsConsumer], [topics.clients]);
    failure = () => new DomainError('unavailable', 'AWAY', 'the other service is away');
    const record = aRecord();
    await expect(channel.publish([record])).rejects.toMatchObject({ kind: 'unavailable', reason: 'AWAY' });
    failure = undefined;
    await channel.publish([record]);
    expect(await db.effectsOf(record.key)).toEqual([1]);
  });
});

describe('the start fails', () => {
  it.each([
    {
      name: 'a topic without a handler',
      controllers: [ClientsConsumer],
      consumes: [topics.clients, topics.matters],
      problem: 'paradesk.assignment.matters has no handler',
    },
    {
      name: 'a handler without a topic',
      controllers: [ClientsConsumer, MattersConsumer],
      consumes: [topics.clients],
      problem: 'paradesk.assignment.matters has a handler but is not consumed',
    },
    {
      name: 'two handlers for a topic',
      controllers: [ClientsConsumer, OtherClientsConsumer],
      consumes: [topics.clients],
      problem: 'paradesk.identity.clients has 2 handlers',
    },
  ])('and says why: $name', async ({ controllers, consumes, problem }) => {
    await expect(start(controllers, consumes)).rejects.toThrow(`billing cannot consume: ${problem}`);
  });
});
