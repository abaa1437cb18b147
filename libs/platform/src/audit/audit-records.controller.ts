import { Controller } from '@nestjs/common';
import { fromTimestamp, toTimestamp } from '@paradesk/contracts';
import {
  type AuditRecord,
  AuditRecordsServiceControllerMethods,
  type AuditRecordsServiceController,
  type ListAuditRecordsRequest,
  type ListAuditRecordsResponse,
  Outcome,
  Service,
} from '@paradesk/contracts/paradesk/audit/v1/audit_records';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { Timestamp } from '@paradesk/contracts/google/protobuf/timestamp';
import { DomainError } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { pageQuery, pageResult } from '../database/pages.js';
import { callerOf, type CallMetadata } from '../grpc/call-scope.js';
import { ServiceName } from '../run/service-name.js';
import { AuditRecords, type RecordFilter, type RecordRow } from './audit-records.js';

/** Every service serves its own part of the audit trail by this. */
@Controller()
@AuditRecordsServiceControllerMethods()
export class AuditRecordsController implements AuditRecordsServiceController {
  constructor(
    private readonly records: AuditRecords,
    private readonly self: ServiceName,
  ) {}

  /** @throws DomainError invalid OTHER_SERVICE; forbidden OTHER_TRAIL to billing managers outside billing */
  async listAuditRecords(request: ListAuditRecordsRequest, metadata: CallMetadata): Promise<ListAuditRecordsResponse> {
    const caller = callerOf(metadata);
    if (nameOf(request.service) !== this.self.name)
      throw DomainError.invalid(
        'service',
        'OTHER_SERVICE',
        `this is ${this.self.name}, which has its own records only`,
      );
    if (caller.role === Role.BILLING_MANAGER && this.self.name !== 'billing')
      throw DomainError.forbidden('OTHER_TRAIL', 'billing managers see the audit trail of billing');
    const query = pageQuery(request.page);
    const rows = await this.records.list(caller, filterOf(request), query);
    const { items, page } = pageResult(rows, query, (row) => row.id);
    return { records: items.map(toProto), page };
  }
}

function nameOf(service: Service): string {
  return Service[service].toLowerCase();
}

function filterOf(request: ListAuditRecordsRequest): RecordFilter {
  const { table, row, personId, outcome, from, until } = request;
  return {
    table: table || undefined,
    row: row || undefined,
    personId: personId || undefined,
    outcome: outcome === Outcome.UNSPECIFIED ? undefined : outcome === Outcome.DONE ? 'done' : 'refused',
    fromMs: msOf(from, 'from'),
    untilMs: msOf(until, 'until'),
  };
}

function msOf(timestamp: Timestamp | undefined, field: string): number | undefined {
  return timestamp && fromTimestamp(timestamp, field).epochMilliseconds;
}

function toProto(row: RecordRow): AuditRecord {
  return {
    id: row.id,
    at: toTimestamp(Temporal.Instant.fromEpochMilliseconds(row.at.getTime())),
    action: row.action,
    personId: row.person_id ?? '',
    role: Role[(row.role ?? 'UNSPECIFIED') as keyof typeof Role] ?? Role.UNSPECIFIED,
    service: row.service ?? '',
    rule: row.rule ?? '',
    outcome: row.outcome === 'done' ? Outcome.DONE : Outcome.REFUSED,
    reason: row.reason ?? '',
    table: row.table_name ?? '',
    row: row.row_id ?? '',
    beforeSha256: row.before_hash?.toString('hex') ?? '',
    afterSha256: row.after_hash?.toString('hex') ?? '',
    changes: Object.entries(row.changes ?? {}).map(([column, [before, after]]) => ({
      column,
      before: JSON.stringify(before),
      after: JSON.stringify(after),
    })),
    sequence: BigInt(row.sequence ?? 0),
    hash: row.hash?.toString('hex') ?? '',
  };
}
