import { MatterEvent } from './gen/paradesk/assignment/events/v1/matters.js';
import { InvoiceEvent, type MessageFns } from './gen/paradesk/billing/events/v1/invoices.js';
import { ErasureEvent } from './gen/paradesk/documents/events/v1/erasures.js';
import { ClientEvent } from './gen/paradesk/identity/events/v1/clients.js';
import { PersonEvent } from './gen/paradesk/identity/events/v1/people.js';
import { TaskKindEvent } from './gen/paradesk/identity/events/v1/task_kinds.js';
import { TenantEvent } from './gen/paradesk/identity/events/v1/tenants.js';

/** A topic: the events of one noun, keyed by the aggregate's id, in the order of its versions. */
export interface Topic<T> {
  /** `paradesk.<owner>.<noun>`. */
  readonly name: string;
  /** The message with the one event in a oneof. */
  readonly message: MessageFns<T>;
  readonly partitions: number;
  /** -1 keeps events for ever: a new consumer builds its copies from the first version on. */
  readonly retentionMs: number;
}

const topic = <T>(name: string, message: MessageFns<T>): Topic<T> => ({
  name,
  message,
  partitions: 12,
  retentionMs: -1,
});

/** Every topic there is. Topics are created from this table and from nothing else. */
export const topics = {
  tenants: topic('paradesk.identity.tenants', TenantEvent),
  clients: topic('paradesk.identity.clients', ClientEvent),
  people: topic('paradesk.identity.people', PersonEvent),
  task_kinds: topic('paradesk.identity.task_kinds', TaskKindEvent),
  matters: topic('paradesk.assignment.matters', MatterEvent),
  invoices: topic('paradesk.billing.invoices', InvoiceEvent),
  erasures: topic('paradesk.documents.erasures', ErasureEvent),
} as const;
