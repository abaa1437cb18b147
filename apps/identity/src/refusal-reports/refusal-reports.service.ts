import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { fromTimestamp, toTimestamp } from '@paradesk/contracts';
import {
  type AuditRecord,
  AuditRecordsServiceService,
  type ListAuditRecordsRequest,
  Outcome,
  Service,
} from '@paradesk/contracts/paradesk/audit/v1/audit_records';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError } from '@paradesk/kernel';
import { Database, Peers, type Tx } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { And, In, LessThan, MoreThanOrEqual } from 'typeorm';
import { Person } from '../people/person.entity.js';
import { Reclassification } from '../task-kinds/reclassification.entity.js';
import type { RefusalReport } from './refusal-report.js';

const SERVICES = [Service.IDENTITY, Service.ASSIGNMENT, Service.BILLING, Service.DOCUMENTS, Service.COMMUNICATIONS];
const MOST_REFUSALS = 10_000;
const PAGE_SIZE = 200;
// All clients' attorneys may be given a report, and one client's people are none of another's business.
const AT_A_CLIENT = 'somebody at a client';

/** From a moment on, and before another. */
export interface Period {
  readonly from: Temporal.Instant;
  readonly until: Temporal.Instant;
}

/** Puts the refusals of all services together. Where one of them does not answer, there is no report: one with a gap would look whole. */
@Injectable()
export class RefusalReportsService {
  constructor(
    private readonly database: Database,
    private readonly peers: Peers,
  ) {}

  /** @throws DomainError invalid ENDS_BEFORE_IT_BEGINS; refused TOO_MANY_REFUSALS */
  async report(caller: Caller, period: Period): Promise<RefusalReport> {
    const { from, until } = period;
    if (Temporal.Instant.compare(until, from) < 0) {
      throw DomainError.invalid('until', 'ENDS_BEFORE_IT_BEGINS', 'the period ends before it begins');
    }
    const found: { service: string; record: AuditRecord }[] = [];
    for (const service of SERVICES) {
      const records = await this.refusalsOf(service, caller, period, MOST_REFUSALS - found.length);
      found.push(...records.map((record) => ({ service: Service[service].toLowerCase(), record })));
    }
    return this.database.transaction(caller, async (tx) => {
      const signedOffAt = And(MoreThanOrEqual(from), LessThan(until));
      const signedOff = await tx.findBy(Reclassification, { tenantId: tx.tenantId, signedOffAt });
      const ids = [...found.map(({ record }) => record.personId), ...signedOff.map((one) => one.signedOffBy ?? '')];
      const names = await namesOf(tx, ids);
      const refusals = found.map(({ service, record }) => ({
        at: fromTimestamp(record.at, 'at'),
        service,
        action: record.action,
        who: names.get(record.personId) ?? (record.personId || `service ${record.service}`),
        role: Role[record.role],
        reason: record.reason,
        rule: record.rule,
      }));
      const exceptions = signedOff.map(({ code, fromClass, toClass, reason, signedOffBy, signedOffAt: at }) => ({
        at: at ?? until,
        code,
        change: `${fromClass} to ${toClass}`,
        who: names.get(signedOffBy ?? '') ?? AT_A_CLIENT,
        reason,
      }));
      return { from, until, refusals: refusals.toSorted(byTime), exceptions: exceptions.toSorted(byTime) };
    });
  }

  private async refusalsOf(
    service: Service,
    { tenantId }: Caller,
    { from, until }: Period,
    most: number,
  ): Promise<AuditRecord[]> {
    const trail = this.peers.client(Service[service].toLowerCase(), AuditRecordsServiceService);
    const found: AuditRecord[] = [];
    const wanted: Partial<ListAuditRecordsRequest> = {
      service,
      outcome: Outcome.REFUSED,
      from: toTimestamp(from),
      until: toTimestamp(until),
    };
    let token = '';
    do {
      const list = await trail.listAuditRecords({ ...wanted, page: { size: PAGE_SIZE, token } }, { tenantId });
      found.push(...list.records);
      if (found.length > most) {
        const message = `there are more than ${MOST_REFUSALS} refusals in this period: ask for a shorter one`;
        throw DomainError.refused('TOO_MANY_REFUSALS', message);
      }
      token = list.page?.nextToken ?? '';
    } while (token !== '');
    return found;
  }
}

async function namesOf(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const known = [...new Set(ids)].filter((id) => id !== '');
  const people = await tx.findBy(Person, { tenantId: tx.tenantId, id: In(known) });
  return new Map(
    people.map(({ id, clientId, firstName, lastName }) => [id, clientId ? AT_A_CLIENT : `${firstName} ${lastName}`]),
  );
}

function byTime(a: { readonly at: Temporal.Instant }, b: { readonly at: Temporal.Instant }): number {
  return Temporal.Instant.compare(a.at, b.at);
}
