import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import {
  BoundaryStatementsServiceService,
  StatementFormat,
} from '@paradesk/contracts/paradesk/identity/v1/boundary_statements';
import { ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { TaskKindsServiceService } from '@paradesk/contracts/paradesk/identity/v1/task_kinds';
import { newId } from '@paradesk/kernel';
import { aCaller, type ServiceUnderTest } from '@paradesk/testing';
import { aClient, anOpenTenant, aPerson, startIdentity } from './builders.js';

let system: ServiceUnderTest;
let manager: Caller;
beforeAll(async () => {
  system = await startIdentity();
});
afterAll(() => system.stop());

const statements = (caller: Caller = manager) => system.client(BoundaryStatementsServiceService, caller);
const publish = () => statements().publishBoundaryStatement({});

async function aMember(role: Role): Promise<Caller> {
  system.clock.advance({ milliseconds: 1 });
  const { id } = await system.client(PeopleServiceService, manager).createPerson(aPerson({ role }));
  return aCaller({ role, tenantId: manager.tenantId, personId: id });
}

async function tighten(code: string): Promise<void> {
  const client = await system.client(ClientsServiceService, manager).createClient(aClient());
  const person = aPerson({ role: Role.ATTORNEY, clientId: client.id });
  const { id: personId } = await system.client(PeopleServiceService, manager).createPerson(person);
  const wanted = { code, taskClass: TaskClass.RESERVED, reason: 'x', attorneyId: '' };
  const { id: reclassificationId } = await system.client(TaskKindsServiceService, manager).reclassifyTaskKind(wanted);
  const attorney = aCaller({ role: Role.ATTORNEY, tenantId: manager.tenantId, personId, clientId: client.id });
  await system.client(TaskKindsServiceService, attorney).signOffReclassification({ reclassificationId });
}

async function download(boundaryStatementId: string, format: StatementFormat, caller = manager) {
  const parts = [];
  for await (const part of statements(caller).downloadBoundaryStatement({ boundaryStatementId, format }))
    parts.push(part);
  return { contentType: parts[0]?.contentType, data: Buffer.concat(parts.map((part) => part.data)) };
}

describe('the role-boundary statement', () => {
  beforeAll(async () => {
    manager = await anOpenTenant(system);
  });

  it('has a new edition only when something has changed, and reads the same for ever', async () => {
    expect(await statements().listBoundaryStatements({ page: undefined })).toMatchObject({
      boundaryStatements: [],
      outdated: true,
    });
    const first = await publish();
    expect(first).toMatchObject({
      edition: 1,
      effectiveOn: { year: 2026, month: 3, day: 2 },
      publishedByPersonId: manager.personId,
    });
    expect(await publish()).toEqual(first);
    const text = await download(first.id, StatementFormat.MARKDOWN);

    await tighten('documents.scan');
    system.clock.advance({ seconds: 1 });
    expect((await statements().listBoundaryStatements({ page: undefined })).outdated).toBe(true);
    const [second, racing] = await Promise.all([publish(), publish()]);
    expect(racing).toEqual(second);
    expect(second).toMatchObject({ edition: 2 });
    expect(second.contentSha256).not.toBe(first.contentSha256);
    const list = await statements().listBoundaryStatements({ page: undefined });
    expect(list.boundaryStatements.map((one) => one.edition)).toEqual([2, 1]);
    expect(list.outdated).toBe(false);
    expect(await download(first.id, StatementFormat.MARKDOWN)).toEqual(text);
    expect((await download(second.id, StatementFormat.MARKDOWN)).data.toString()).toContain(
      '| Scan documents | administrative | reserved | an attorney |',
    );
    const attorney = aCaller({ role: Role.ATTORNEY, tenantId: manager.tenantId, clientId: newId(1) });
    expect(await statements(attorney).listBoundaryStatements({ page: undefined })).toEqual(list);
  });

  it('is a PDF where nothing else is asked for, for everybody of the tenant and nobody else', async () => {
    const { id } = await publish();
    for (const role of [Role.VIRTUAL_ASSISTANT, Role.PARALEGAL, Role.BILLING_MANAGER, Role.ATTORNEY]) {
      const file = await download(id, StatementFormat.UNSPECIFIED, aCaller({ role, tenantId: manager.tenantId }));
      expect(file.contentType).toBe('application/pdf');
      expect(file.data.subarray(0, 5).toString()).toBe('%PDF-');
    }
    const stranger = await anOpenTenant(system);
    const hidden = { kind: 'not-found', reason: 'BOUNDARY_STATEMENT_NOT_FOUND' };
    await expect(download(id, StatementFormat.PDF, stranger)).rejects.toMatchObject(hidden);
    expect((await statements(stranger).listBoundaryStatements({ page: undefined })).boundaryStatements).toEqual([]);
  });
});

describe('acknowledgements', () => {
  beforeAll(async () => {
    manager = await anOpenTenant(system);
  });

  const missing = async (size = 50, token = '') => statements().listMissingAcknowledgements({ page: { size, token } });

  it('are asked of each virtual assistant and paralegal, again with each edition, and given once', async () => {
    const [assistant, paralegal] = [await aMember(Role.VIRTUAL_ASSISTANT), await aMember(Role.PARALEGAL)];
    const gone = await aMember(Role.PARALEGAL);
    await aMember(Role.BILLING_MANAGER);
    await system.client(PeopleServiceService, manager).deactivatePerson({ personId: gone.personId! });
    expect(await missing()).toMatchObject({ personIds: [], boundaryStatementId: '' });

    const first = await publish();
    expect(await missing()).toMatchObject({
      personIds: [assistant.personId, paralegal.personId],
      boundaryStatementId: first.id,
    });
    const page = await missing(1);
    expect(page.personIds).toEqual([assistant.personId]);
    expect((await missing(1, page.page?.nextToken)).personIds).toEqual([paralegal.personId]);

    const asked = { boundaryStatementId: first.id };
    const [given, again] = await Promise.all([
      statements(assistant).acknowledgeBoundaryStatement(asked),
      statements(assistant).acknowledgeBoundaryStatement(asked),
    ]);
    expect(again).toEqual(given);
    system.clock.advance({ minutes: 1 });
    expect(await statements(assistant).acknowledgeBoundaryStatement(asked)).toEqual(given);
    expect((await missing()).personIds).toEqual([paralegal.personId]);
    expect((await statements().listAcknowledgements({ ...asked, page: undefined })).acknowledgements).toEqual([given]);

    await tighten('documents.ocr');
    system.clock.advance({ seconds: 1 });
    const second = await publish();
    expect((await missing()).personIds).toEqual([assistant.personId, paralegal.personId]);
    // What was given stays given, and what is no more in force is not acknowledged.
    expect(await statements(assistant).acknowledgeBoundaryStatement(asked)).toEqual(given);
    const late = statements(paralegal).acknowledgeBoundaryStatement(asked);
    await expect(late).rejects.toMatchObject({ kind: 'refused', reason: 'STATEMENT_SUPERSEDED' });
    await statements(paralegal).acknowledgeBoundaryStatement({ boundaryStatementId: second.id });
    expect((await missing()).personIds).toEqual([assistant.personId]);
  });

  it('are of the own tenant only', async () => {
    const { id: boundaryStatementId } = await publish();
    const stranger = await anOpenTenant(system);
    const hidden = { kind: 'not-found', reason: 'BOUNDARY_STATEMENT_NOT_FOUND' };
    const theirs = aCaller({ role: Role.PARALEGAL, tenantId: stranger.tenantId });
    await expect(statements(theirs).acknowledgeBoundaryStatement({ boundaryStatementId })).rejects.toMatchObject(
      hidden,
    );
    await expect(
      statements(stranger).listAcknowledgements({ boundaryStatementId, page: undefined }),
    ).rejects.toMatchObject(hidden);
    const nobody = aCaller({ role: Role.PARALEGAL, tenantId: manager.tenantId, personId: newId(Date.now()) });
    await expect(statements(nobody).acknowledgeBoundaryStatement({ boundaryStatementId })).rejects.toMatchObject({
      reason: 'PERSON_NOT_FOUND',
    });
  });
});
