import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { taskCatalogue, type Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import { ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { TaskKindsServiceService } from '@paradesk/contracts/paradesk/identity/v1/task_kinds';
import { newId } from '@paradesk/kernel';
import { aCaller, type ServiceUnderTest } from '@paradesk/testing';
import { aClient, anOpenTenant, aPerson, startIdentity } from './builders.js';

const { ADMINISTRATIVE, SUBSTANTIVE, RESERVED, UNSPECIFIED } = TaskClass;

let system: ServiceUnderTest;
let manager: Caller;
let attorney: Caller;
beforeAll(async () => {
  system = await startIdentity();
  manager = await anOpenTenant(system);
  attorney = await anAttorney();
});
afterAll(() => system.stop());

const taskKinds = (caller = manager) => system.client(TaskKindsServiceService, caller);

async function anAttorney(of = ''): Promise<Caller> {
  const clientId = of || (await system.client(ClientsServiceService, manager).createClient(aClient())).id;
  const person = aPerson({ role: Role.ATTORNEY, clientId });
  const { id: personId } = await system.client(PeopleServiceService, manager).createPerson(person);
  return aCaller({ role: Role.ATTORNEY, tenantId: manager.tenantId, personId, clientId });
}

async function kind(code: string, caller = manager) {
  return (await taskKinds(caller).listTaskKinds({})).taskKinds.find((one) => one.code === code);
}

const propose = (code: string, taskClass: TaskClass, attorneyId = '') =>
  taskKinds().reclassifyTaskKind({ code, taskClass, reason: 'Rule of the state', attorneyId });

describe('the task catalogue of a tenant', () => {
  it('is the shipped one at first', async () => {
    const { taskKinds: list } = await taskKinds().listTaskKinds({});
    expect(list).toHaveLength(taskCatalogue.length);
    for (const [index, one] of list.entries()) {
      const { code, taskClass, source } = taskCatalogue[index]!;
      expect(one).toMatchObject({ code, taskClass, shippedClass: taskClass, source, version: 0, recordId: '' });
    }
  });

  it('is tightened when an attorney has signed it off, and not before', async () => {
    const proposal = await propose('documents.scan', SUBSTANTIVE);
    expect(proposal).toMatchObject({ fromClass: ADMINISTRATIVE, toClass: SUBSTANTIVE, signedOffAt: undefined });
    expect(await kind('documents.scan')).toMatchObject({ taskClass: ADMINISTRATIVE });

    const signOff = { reclassificationId: proposal.id };
    const signed = await taskKinds(attorney).signOffReclassification(signOff);
    expect(await taskKinds(attorney).signOffReclassification(signOff)).toEqual(signed);

    expect(signed).toMatchObject({ signedOffByPersonId: attorney.personId });
    const tightened = await kind('documents.scan');
    expect(tightened).toMatchObject({
      shippedClass: ADMINISTRATIVE,
      taskClass: SUBSTANTIVE,
      signedOffByPersonId: attorney.personId,
      version: 1,
    });
    expect(await kind('documents.scan', await anOpenTenant(system))).toMatchObject({ taskClass: ADMINISTRATIVE });
    const events = (await system.published(topics.task_kinds)).filter(
      (event) => event.aggregateId === tightened?.recordId,
    );
    expect(events).toEqual([
      {
        tenantId: manager.tenantId,
        aggregateId: tightened?.recordId,
        aggregateVersion: 1,
        event: {
          event: { $case: 'reclassified', value: { taskKind: tightened, reclassificationId: proposal.id } },
        },
      },
    ]);
  });

  it('may go back to the floor, with a sign-off, and keeps its history', async () => {
    for (const taskClass of [RESERVED, SUBSTANTIVE, ADMINISTRATIVE]) {
      system.clock.advance({ milliseconds: 1 });
      const { id } = await propose('filing.pull_docket', taskClass);
      await taskKinds(attorney).signOffReclassification({ reclassificationId: id });
      expect(await kind('filing.pull_docket')).toMatchObject({ taskClass });
    }
    expect(await kind('filing.pull_docket')).toMatchObject({ version: 3 });
    const page = { size: 2, token: '' };
    const first = await taskKinds().listReclassifications({ page, code: 'filing.pull_docket' });
    const second = await taskKinds(attorney).listReclassifications({
      page: { size: 2, token: first.page?.nextToken ?? '' },
      code: 'filing.pull_docket',
    });
    const history = [...first.reclassifications, ...second.reclassifications];
    expect(history.map((one) => [one.fromClass, one.toClass])).toEqual([
      [SUBSTANTIVE, ADMINISTRATIVE],
      [RESERVED, SUBSTANTIVE],
      [ADMINISTRATIVE, RESERVED],
    ]);
  });

  it.each([
    ['below the floor', 'documents.sign', SUBSTANTIVE, { kind: 'invalid', reason: 'TASK_CLASS_BELOW_FLOOR' }],
    ['that it has', 'documents.sign', RESERVED, { kind: 'conflict', reason: 'CLASS_UNCHANGED' }],
    ['that is none', 'documents.sign', UNSPECIFIED, { kind: 'invalid' }],
    ['for what there is not', 'documents.do_it', RESERVED, { kind: 'not-found', reason: 'TASK_KIND_NOT_FOUND' }],
  ])('takes no class %s', async (_name, code, taskClass, refusal) => {
    await expect(propose(code, taskClass)).rejects.toMatchObject(refusal);
  });

  it('takes kinds of its own: substantive until an attorney signs off another class', async () => {
    const own = await taskKinds().addTaskKind({ code: 'own.translate_exhibit', title: 'Translate an exhibit' });
    expect(own).toMatchObject({ area: 'own', shippedClass: UNSPECIFIED, taskClass: SUBSTANTIVE, version: 1 });
    await expect(taskKinds().addTaskKind({ code: 'own.translate_exhibit', title: 'Again' })).rejects.toMatchObject({
      kind: 'conflict',
      reason: 'TASK_KIND_CODE_TAKEN',
    });

    const { id } = await propose('own.translate_exhibit', ADMINISTRATIVE);
    expect(await kind('own.translate_exhibit')).toMatchObject({ taskClass: SUBSTANTIVE });
    await taskKinds(attorney).signOffReclassification({ reclassificationId: id });
    expect(await kind('own.translate_exhibit')).toMatchObject({ taskClass: ADMINISTRATIVE, version: 2 });
  });

  it.each(['documents.fold', 'own.', 'own.Fold', 'own.fold-it', 'own.9', 'fold'])(
    'takes no kind called %s',
    async (code) => {
      const add = taskKinds().addTaskKind({ code, title: 'Fold' });
      await expect(add).rejects.toMatchObject({ kind: 'invalid', reason: 'NO_OWN_CODE' });
    },
  );

  it('is changed by nobody who works by it', async () => {
    const { id } = await propose('filing.order_copies', RESERVED);
    for (const role of [Role.VIRTUAL_ASSISTANT, Role.PARALEGAL, Role.BILLING_MANAGER]) {
      const caller = aCaller({ role, tenantId: manager.tenantId });
      const wanted = { code: 'documents.ocr', taskClass: SUBSTANTIVE, reason: 'x', attorneyId: '' };
      const forbidden = { kind: 'forbidden', reason: 'ROLE_NOT_ALLOWED' };
      await expect(taskKinds(caller).reclassifyTaskKind(wanted)).rejects.toMatchObject(forbidden);
      await expect(taskKinds(caller).addTaskKind({ code: 'own.x', title: 'X' })).rejects.toMatchObject(forbidden);
      const signOff = taskKinds(caller).signOffReclassification({ reclassificationId: id });
      await expect(signOff).rejects.toMatchObject(forbidden);
    }
    const proposer = taskKinds(manager).signOffReclassification({ reclassificationId: id });
    await expect(proposer).rejects.toMatchObject({ kind: 'forbidden', reason: 'ROLE_NOT_ALLOWED' });
    const stranger = aCaller({ role: Role.ATTORNEY, tenantId: (await anOpenTenant(system)).tenantId });
    const elsewhere = taskKinds(stranger).signOffReclassification({ reclassificationId: id });
    await expect(elsewhere).rejects.toMatchObject({ kind: 'not-found', reason: 'RECLASSIFICATION_NOT_FOUND' });
    expect(await kind('filing.order_copies')).toMatchObject({ taskClass: ADMINISTRATIVE });
  });

  it('is signed off by the attorney who was named, where one was', async () => {
    const named = await anAttorney();
    const { id } = await propose('office.handle_mail', SUBSTANTIVE, named.personId);
    const colleague = taskKinds(await anAttorney(named.clientId)).signOffReclassification({ reclassificationId: id });
    await expect(colleague).rejects.toMatchObject({ kind: 'forbidden', reason: 'NOT_THE_NAMED_ATTORNEY' });
    // Whom another client employs is nobody's business: what they were asked is not there.
    const other = taskKinds(attorney).signOffReclassification({ reclassificationId: id });
    await expect(other).rejects.toMatchObject({ kind: 'not-found', reason: 'RECLASSIFICATION_NOT_FOUND' });
    const seen = await taskKinds(attorney).listReclassifications({ page: undefined, code: 'office.handle_mail' });
    expect(seen.reclassifications).toEqual([]);
    await taskKinds(named).signOffReclassification({ reclassificationId: id });

    await expect(propose('office.keep_contacts', SUBSTANTIVE, newId(Date.now()))).rejects.toMatchObject({
      reason: 'PERSON_NOT_FOUND',
    });
    const paralegal = await system.client(PeopleServiceService, manager).createPerson(aPerson());
    await expect(propose('office.keep_contacts', SUBSTANTIVE, paralegal.id)).rejects.toMatchObject({
      kind: 'refused',
      reason: 'NOT_AN_ATTORNEY',
    });
  });

  it('is signed off as it was shown: a later proposal withdraws the earlier one', async () => {
    const earlier = await propose('office.answer_phone', SUBSTANTIVE);
    const later = await propose('office.answer_phone', RESERVED);
    const signOff = taskKinds(attorney).signOffReclassification({ reclassificationId: earlier.id });
    await expect(signOff).rejects.toMatchObject({ kind: 'refused', reason: 'RECLASSIFICATION_WITHDRAWN' });
    await taskKinds(attorney).signOffReclassification({ reclassificationId: later.id });
    expect(await kind('office.answer_phone')).toMatchObject({ taskClass: RESERVED });
  });

  it('keeps one open proposal of a kind, and one class, whoever races', async () => {
    const proposals = await Promise.allSettled([
      propose('office.book_vendor', SUBSTANTIVE),
      propose('office.book_vendor', RESERVED),
    ]);
    const { reclassifications } = await taskKinds().listReclassifications({
      page: undefined,
      code: 'office.book_vendor',
    });
    const open = reclassifications.filter((one) => !one.withdrawnAt && !one.signedOffAt);
    expect(open).toHaveLength(1);
    for (const result of proposals) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ reason: 'RECLASSIFIED_MEANWHILE' });
    }
    const signOff = { reclassificationId: open[0]!.id };
    const signed = await Promise.all([
      taskKinds(attorney).signOffReclassification(signOff),
      taskKinds(attorney).signOffReclassification(signOff),
    ]);
    expect(signed[0]).toEqual(signed[1]);
    expect(await kind('office.book_vendor')).toMatchObject({ taskClass: open[0]!.toClass, version: 1 });
  });
});
