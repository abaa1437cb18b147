import type { Caller } from '@paradesk/access';
import { fromTimestamp } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { ParkedEventsServiceService } from '@paradesk/contracts/paradesk/operations/v1/parked_events';
import { isUuid } from '@paradesk/kernel';
import type { ServiceClient } from '@paradesk/platform';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bootstrap } from '../bootstrap.js';
import type { Secrets } from '../secrets.js';
import type { StandaloneFile } from '../system.js';
import type { ListedEvent } from './events-table.js';

type ParkedClient = ServiceClient<typeof ParkedEventsServiceService, void>;

/**
 * An operator of the system in PARADESK_DATA.
 *
 * @throws Error in one line where no system is there, or PARADESK_OPERATOR is no UUID
 */
export function openOperator(env: Readonly<Record<string, string | undefined>>): Operator {
  const folder = env.PARADESK_DATA ?? '.data/standalone';
  const personId = env.PARADESK_OPERATOR ?? randomUUID();
  if (!isUuid(personId)) throw new Error('PARADESK_OPERATOR takes the UUID of the operator');
  const { services } = read<StandaloneFile>(folder, 'standalone.json');
  const { signingKeys } = read<Secrets>(folder, 'secrets.json');
  return new Operator(services, signingKeys, personId);
}

function read<T>(folder: string, file: string): T {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8')) as T;
  } catch {
    throw new Error(`there is no system in ${folder}: set PARADESK_DATA, or start one with npm start`);
  }
}

/** What to give up, and why. */
export interface Discard {
  readonly service: string;
  readonly aggregateId: string;
  readonly eventId: string;
  /** For the audit trail. */
  readonly reason: string;
}

/** Calls the services as an operator. Refusals arrive as DomainError. */
export class Operator {
  private readonly bootstrap: Bootstrap;
  private readonly caller: Caller;

  /**
   * @param services `host:port` of each service's gRPC
   * @param signingKeys identity's SIGNING_KEYS, whose first key signs the operator in
   * @param personId UUID of the operator
   */
  constructor(
    private readonly services: Readonly<Record<string, string>>,
    signingKeys: string,
    personId: string,
  ) {
    this.bootstrap = new Bootstrap(signingKeys, services);
    // Operators belong to no tenant, and see no tenant's rows: this one does not exist.
    this.caller = { tenantId: randomUUID(), role: Role.OPERATOR, personId };
  }

  /** What is parked in all services, the longest parked first; at most 1,000 of each. */
  async listParked(): Promise<ListedEvent[]> {
    const lists = await Promise.all(
      Object.keys(this.services).map((service) =>
        this.at(service, (parked) => parked.listParkedEvents({ limit: 1000 })),
      ),
    );
    const events = lists.flatMap(({ events }) => events);
    const listed = events.map(({ aggregateVersion: version, parkedAt, ...event }) => ({
      consumer: event.consumer,
      aggregateId: event.aggregateId,
      eventId: event.eventId,
      version,
      kind: event.kind,
      reason: event.reason,
      attempts: event.attempts,
      parkedAt: fromTimestamp(parkedAt, 'parked_at').toString(),
    }));
    return listed.sort((a, b) => a.parkedAt.localeCompare(b.parkedAt) || a.version - b.version);
  }

  /** Tries the parked events of an aggregate again. */
  async redrive(service: string, aggregateId: string): Promise<{ handled: number; parked: number }> {
    return this.at(service, (parked) => parked.redriveParkedEvents({ aggregateId }));
  }

  /** Gives up a parked event. */
  async discard({ service, ...discard }: Discard): Promise<void> {
    await this.at(service, (parked) => parked.discardParkedEvent(discard));
  }

  private async at<T>(service: string, work: (client: ParkedClient) => Promise<T>): Promise<T> {
    if (!this.services[service])
      throw new Error(`there is no service ${service}: one of ${Object.keys(this.services).join(', ')}`);
    return this.bootstrap.as(this.caller, service, ParkedEventsServiceService, work);
  }
}
