import { describe, expect, it } from '@jest/globals';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import { aMatter, aPrincipal, classes, roles, TENANT } from '../test/access-requests.js';
import { decide } from './decide.js';
import { effectiveClass, requireTightening, ruleOf, taskCatalogue } from './task-catalogue.js';

const { ADMINISTRATIVE, SUBSTANTIVE, RESERVED } = TaskClass;

describe('the task catalogue', () => {
  it('has a code of its own for every kind of work', () => {
    expect(new Set(taskCatalogue.map(({ code }) => code)).size).toBe(taskCatalogue.length);
    expect(taskCatalogue.length).toBeGreaterThanOrEqual(60);
  });

  it.each(taskCatalogue.map((kind) => [kind.code, kind] as const))('%s', (code, kind) => {
    expect(code).toMatch(/^[a-z_]+\.[a-z_]+$/);
    expect(code.startsWith(`${kind.area}.${kind.verb}`)).toBe(true);
    expect(kind.title).not.toBe('');
    expect(kind.source).not.toBe('');
    expect(effectiveClass(code)).toBe(kind.taskClass);
  });

  it.each(['calendar', 'documents', 'filing', 'intake', 'client_contact', 'research', 'office'])(
    '%s has work of every class',
    (area) => {
      const found = new Set(taskCatalogue.filter((kind) => kind.area === area).map(({ taskClass }) => taskClass));
      expect([...found].toSorted()).toEqual([...classes]);
    },
  );
});

describe('the class of work for a tenant', () => {
  it.each([
    ['of the floor', 'documents.scan', {}, ADMINISTRATIVE],
    ['tightened', 'documents.scan', { 'documents.scan': SUBSTANTIVE }, SUBSTANTIVE],
    ['tightened twice', 'documents.scan', { 'documents.scan': RESERVED }, RESERVED],
    ['not loosened', 'documents.sign', { 'documents.sign': ADMINISTRATIVE }, RESERVED],
    ['not loosened by no class', 'documents.sign', { 'documents.sign': TaskClass.UNSPECIFIED }, RESERVED],
    ['not changed by what is no class', 'documents.scan', { 'documents.scan': 4 as TaskClass }, ADMINISTRATIVE],
    ['not changed by other work', 'documents.scan', { 'documents.ocr': RESERVED }, ADMINISTRATIVE],
    ['of work that is unknown', 'documents.do_something', {}, SUBSTANTIVE],
    ['of unknown work, not loosened', 'x.y', { 'x.y': ADMINISTRATIVE }, SUBSTANTIVE],
    ['of unknown work, tightened', 'x.y', { 'x.y': RESERVED }, RESERVED],
    ['of what every object has', 'toString', {}, SUBSTANTIVE],
    ["of a tenant's own work that nobody has classed", 'own.translate', {}, SUBSTANTIVE],
    ["of a tenant's own work as signed off", 'own.translate', { 'own.translate': ADMINISTRATIVE }, ADMINISTRATIVE],
    [
      "of a tenant's own work under what is no class",
      'own.translate',
      { 'own.translate': 0 as TaskClass },
      SUBSTANTIVE,
    ],
  ])('%s', (_name, code, tightenings, expected) => {
    expect(effectiveClass(code, tightenings)).toBe(expected);
    expect(ruleOf(code, tightenings).taskClass).toBe(expected);
  });

  it('may be set to the floor or above it only', () => {
    expect(() => requireTightening('documents.scan', SUBSTANTIVE)).not.toThrow();
    expect(() => requireTightening('documents.sign', RESERVED)).not.toThrow();
    expect(() => requireTightening('documents.sign', SUBSTANTIVE)).toThrow(
      expect.objectContaining({ kind: 'invalid', reason: 'TASK_CLASS_BELOW_FLOOR' }),
    );
    expect(() => requireTightening('x.y', ADMINISTRATIVE)).toThrow(
      expect.objectContaining({ reason: 'TASK_CLASS_BELOW_FLOOR' }),
    );
    expect(() => requireTightening('own.translate', ADMINISTRATIVE)).not.toThrow();
    expect(() => requireTightening('documents.scan', TaskClass.UNSPECIFIED)).toThrow(
      expect.objectContaining({ reason: 'TASK_CLASS_UNKNOWN' }),
    );
  });
});

describe('who does the work of the catalogue', () => {
  const table = taskCatalogue.flatMap((kind) => roles.map((role) => [kind.code, Role[role], kind, role] as const));

  it.each(table)('%s by %s', (code, _name, { taskClass }, role) => {
    const staff = [Role.OPERATIONS_MANAGER, Role.BILLING_MANAGER, Role.VIRTUAL_ASSISTANT];
    const may =
      role === Role.ATTORNEY ||
      (role === Role.PARALEGAL && taskClass !== RESERVED) ||
      (staff.includes(role) && taskClass === ADMINISTRATIVE);
    const decision = decide({
      action: 'work',
      principal: aPrincipal(role),
      rule: ruleOf(code),
      resource: { tenantId: TENANT, matter: aMatter() },
    });
    expect(decision.allowed).toBe(may);
  });
});
