import type { Caller } from '@paradesk/access';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { newId } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import type { Person } from './calls.js';

/** Work that was recorded. */
export interface Work {
  readonly kind: 'TimeEntries' | 'Expenses' | 'Adjustments';
  readonly id: string;
  readonly clientId: string;
}

/** A matter that time can be recorded on. */
export interface RatedMatter {
  readonly id: string;
  readonly clientId: string;
}

/** One tenant of the load: who acts for it, and what it has, as far as answers told. What a command is using is taken out meanwhile. */
export class LoadTenant {
  operations!: Person;
  billing!: Person;
  paralegal!: Person;
  readonly clients: { readonly id: string; readonly attorneyId: string }[] = [];
  readonly paralegalIds: string[] = [];
  readonly matters: RatedMatter[] = [];
  readonly recorded: Work[] = [];
  readonly approved: Work[] = [];
  readonly drafts: string[] = [];
  readonly approvedInvoices: string[] = [];
  readonly open: { readonly id: string; readonly balanceMinor: bigint }[] = [];
  /** Ids that reads ask for, those of other tenants above all, by the RPC that answers with one. */
  readonly known = new Map<string, string[]>();

  constructor(
    readonly id: string,
    /** A word that stands in every text of this tenant and in none of another. */
    readonly canary: string,
  ) {}

  remember(method: string, id: string): void {
    const ids = this.known.get(method) ?? [];
    this.known.set(method, ids);
    ids.push(id);
    // The latest ones: those are what a fault may have touched.
    if (ids.length > 200) ids.shift();
  }

  /** Somebody of the tenant who is not a row of identity: who opens it and hires the first people. */
  founder(role = Role.OPERATIONS_MANAGER): Person {
    const caller: Caller = { tenantId: this.id, role, personId: newId(Temporal.Now.instant().epochMilliseconds) };
    return { caller };
  }
}

/** A date some days ago, as JSON has it; in the past everywhere. */
export function daysAgo(days: number): { year: number; month: number; day: number } {
  const { year, month, day } = Temporal.Now.plainDateISO('UTC').subtract({ days });
  return { year, month, day };
}
