import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { toTimestamp } from '@paradesk/contracts';
import {
  AuditRecord,
  AuditRecordsServiceService,
  Outcome,
  Service,
} from '@paradesk/contracts/paradesk/audit/v1/audit_records';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import { PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { RefusalReportsServiceService, ReportFormat } from '@paradesk/contracts/paradesk/identity/v1/refusal_reports';
import { TaskKindsServiceService } from '@paradesk/contracts/paradesk/identity/v1/task_kinds';
import { newId } from '@paradesk/kernel';
import { aCaller, type ServiceUnderTest } from '@paradesk/testing';
import { Temporal } from 'temporal-polyfill';
import { anOpenTenant, aPerson, startIdentity } from './builders.js';

const at = (iso: string) => toTimestamp(Temporal.Instant.from(iso));
const MARCH = { from: at('2026-03-01T00:00:00Z'), until: at('2026-04-01T00:00:00Z') };

let system: ServiceUnderTest;
let manager: Caller;
let records: AuditRecord[] = [];
const asked: { service: Service; size: number; outcome: Outcome }[] = [];

beforeAll(async () => {
  system = await startIdentity();
  manager = await anOpenTenant(system);
  // Stands for the audit trails of all services, identity's own too. Pages are cut as they are asked for.
  system.peers.stub(AuditRecordsServiceService, {
    listAuditRecords: ({ service, outcome, page }) => {
      asked.push({ service, outcome, size: page?.size ?? 0 });
      if (service !== Service.ASSIGNMENT) return { records: [] };
      const start = Number(page?.token || 0);
      const end = start + (page?.size ?? 0);
      const nextToken = end < records.length ? String(end) : '';
      return { records: records.slice(start, end), page: { nextToken } };
    },
  });
});
afterAll(() => system.stop());

const aRefusal = (changes: Partial<AuditRecord> = {}) =>
  AuditRecord.fromPartial({
    id: newId(Date.now()),
    at: at('2026-03-05T10:00:00Z'),
    action: '/paradesk.assignment.v1.MattersService/AssignParalegal',
    role: Role.VIRTUAL_ASSISTANT,
    reason: 'ROLE_NOT_ALLOWED',
    rule: 'ADMINISTRATIVE: OPERATIONS_MANAGER',
    outcome: Outcome.REFUSED,
    ...changes,
  });

async function report(format = ReportFormat.MARKDOWN, period: object = MARCH, caller = manager) {
  const parts = [];
  const reports = system.client(RefusalReportsServiceService, caller);
  for await (const part of reports.downloadRefusalReport({ ...MARCH, ...period, format })) parts.push(part);
  return { contentType: parts[0]?.contentType, text: Buffer.concat(parts.map(({ data }) => data)).toString() };
}

describe('the report of refusals and exceptions', () => {
  it('asks every service for its refusals, and says so when there are none', async () => {
    records = [];
    asked.length = 0;
    const { contentType, text } = await report();
    expect(contentType).toBe('text/markdown; charset=utf-8');
    expect(text).toContain('0 calls were refused');
    expect(asked.map(({ service }) => service).toSorted()).toEqual([1, 2, 3, 4, 5]);
    expect(asked.every(({ outcome }) => outcome === Outcome.REFUSED)).toBe(true);
  });

  it('names who was refused, oldest first, sums up, and lists what attorneys signed off', async () => {
    const person = await system.client(PeopleServiceService, manager).createPerson(aPerson());
    records = [
      aRefusal({ at: at('2026-03-06T10:00:00Z'), service: 'billing', role: Role.SERVICE, reason: '=SUM(A1)' }),
      aRefusal({ personId: person.id }),
    ];
    const wanted = {
      code: 'documents.scan',
      taskClass: TaskClass.RESERVED,
      reason: 'Rule | of the state',
      attorneyId: '',
    };
    const { id } = await system.client(TaskKindsServiceService, manager).reclassifyTaskKind(wanted);
    const attorney = aCaller({ role: Role.ATTORNEY, tenantId: manager.tenantId });
    await system.client(TaskKindsServiceService, attorney).signOffReclassification({ reclassificationId: id });

    const { text } = await report();
    expect(text).toContain('2 calls were refused');
    expect(text.indexOf('Ines Duarte')).toBeLessThan(text.indexOf('service billing'));
    expect(text).toContain('| ROLE\\_NOT\\_ALLOWED | VIRTUAL\\_ASSISTANT | 1 |');
    expect(text).toContain('| ADMINISTRATIVE to RESERVED | somebody at a client |');
    expect(text).toContain('Rule \\| of the state');

    const csv = await report(ReportFormat.CSV);
    expect(csv.contentType).toBe('text/csv; charset=utf-8');
    const lines = csv.text.split('\r\n');
    expect(lines).toHaveLength(5);
    expect(lines[1]).toContain('"refusal","2026-03-05T10:00:00Z","assignment","AssignParalegal","Ines Duarte"');
    expect(lines[2]).toContain(`"'=SUM(A1)"`);
    expect(lines[3]).toContain('"exception"');
  });

  it('reads all pages, and gives none of a period with too many', async () => {
    records = Array.from({ length: 450 }, () => aRefusal());
    expect((await report()).text).toContain('450 calls were refused');
    records = Array.from({ length: 10_001 }, () => aRefusal());
    await expect(report()).rejects.toMatchObject({ kind: 'refused', reason: 'TOO_MANY_REFUSALS' });
  });

  it.each([
    ['that ends before it begins', { until: at('2026-02-01T00:00:00Z') }],
    ['without an end', { until: undefined }],
  ])('takes no period %s', async (_name, period) => {
    await expect(report(ReportFormat.MARKDOWN, period)).rejects.toMatchObject({ kind: 'invalid' });
  });

  it('is given to operations managers only', async () => {
    const paralegal = aCaller({ role: Role.PARALEGAL, tenantId: manager.tenantId });
    await expect(report(ReportFormat.CSV, MARCH, paralegal)).rejects.toMatchObject({ reason: 'ROLE_NOT_ALLOWED' });
  });
});
