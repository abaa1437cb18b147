import type { Caller } from '@paradesk/access';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError } from '@paradesk/kernel';
import type { Tx } from '@paradesk/platform';
import { onLiveInvoices } from '../billable-work/billable-work.service.js';
import { lockWork } from '../billable-work/captured-work.queries.js';
import { TimeEntry } from './time-entry.entity.js';

/** Paralegals and virtual assistants have to do with their own time only. */
export function seesOwnOnly({ role }: Caller): boolean {
  return role === Role.PARALEGAL || role === Role.VIRTUAL_ASSISTANT;
}

export function isCaller(caller: Caller, personId: string): boolean {
  return personId.toLowerCase() === caller.personId?.toLowerCase();
}

/** Whose time is recorded: the caller's where nobody is named. @throws DomainError invalid NO_PERSON, forbidden NOT_OWN_TIME */
export function timekeeperOf(caller: Caller, personId: string): string {
  const timekeeperId = personId || caller.personId;
  if (!timekeeperId) throw DomainError.invalid('personId', 'NO_PERSON', 'whose time it is must be said');
  if (seesOwnOnly(caller) && !isCaller(caller, timekeeperId)) {
    throw DomainError.forbidden('NOT_OWN_TIME', 'paralegals and virtual assistants record their own time only');
  }
  return timekeeperId;
}

/** The entry, unless it is somebody else's whose time the caller does not see. @throws DomainError not-found TIME_ENTRY_NOT_FOUND */
export function requireOwn(caller: Caller, id: string, entry: TimeEntry | null | undefined): TimeEntry {
  if (entry && (!seesOwnOnly(caller) || isCaller(caller, entry.personId))) return entry;
  throw DomainError.notFound('time entry', id);
}

/** As `requireOwn`, locked until the transaction ends. */
export async function lockOwn(tx: Tx, caller: Caller, id: string): Promise<TimeEntry> {
  const [entry] = await lockWork(tx, TimeEntry, [id]);
  return requireOwn(caller, id, entry);
}

/** @throws DomainError refused ON_INVOICE where a draft or issued invoice has the entry */
export async function refuseOnInvoice(tx: Tx, { id }: TimeEntry): Promise<void> {
  const invoiced = await onLiveInvoices(tx, [id]);
  if (invoiced.size === 0) return;
  throw DomainError.refused('ON_INVOICE', 'the entry is on an invoice; take it off that draft first', { id });
}
