import { describe, expect, it } from '@jest/globals';
import { Role, TaskClass, type Rule } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError } from '@paradesk/kernel';
import { authorize } from './authorize.js';
import type { Caller } from './caller.js';

const roles = Object.values(Role).filter((role): role is Role => typeof role === 'number' && role > 0);
const classes = [TaskClass.ADMINISTRATIVE, TaskClass.SUBSTANTIVE, TaskClass.RESERVED];
const callerOf = (role: Role): Caller => ({ tenantId: '01890a5d-ac96-774b-bcce-b302099a8057', role });
const aRule = (changes: Partial<Rule> = {}): Rule => ({
  taskClass: TaskClass.ADMINISTRATIVE,
  roles: [],
  public: false,
  ...changes,
});

const refusalOf = (rule: Rule | undefined, caller: Caller | undefined): DomainError => {
  try {
    authorize(rule, caller);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('the call was let through');
};

describe('a rule that names one role', () => {
  const table = classes.flatMap((taskClass) =>
    roles.flatMap((named) =>
      roles.map((role) => [TaskClass[taskClass], Role[named], Role[role], taskClass, named, role] as const),
    ),
  );

  it.each(table)('%s work of %s, asked for by %s', (_class, _named, _role, taskClass, named, role) => {
    const rule = aRule({ taskClass, roles: [named] });
    if (role === named) {
      expect(() => authorize(rule, callerOf(role))).not.toThrow();
      return;
    }
    const refusal = refusalOf(rule, callerOf(role));
    expect(refusal).toMatchObject({ kind: 'forbidden', reason: 'ROLE_NOT_ALLOWED' });
    expect(refusal.message).toBe(`${Role[role]} may not do this; it takes one of ${Role[named]}`);
  });
});

describe('a rule that names several roles', () => {
  it.each(roles.map((role) => [Role[role], role] as const))(
    'lets %s through where it is one of them',
    (_name, role) => {
      const others = roles.filter((other) => other !== role);
      expect(() => authorize(aRule({ roles }), callerOf(role))).not.toThrow();
      expect(refusalOf(aRule({ roles: others }), callerOf(role)).reason).toBe('ROLE_NOT_ALLOWED');
    },
  );
});

describe('a call that nothing allows fails closed', () => {
  it.each(roles.map((role) => [Role[role], role] as const))('for %s', (_name, role) => {
    const caller = callerOf(role);
    expect(refusalOf(undefined, caller)).toMatchObject({ kind: 'forbidden', reason: 'NO_RULE' });
    expect(refusalOf(aRule({ taskClass: TaskClass.UNSPECIFIED, roles }), caller)).toMatchObject({
      kind: 'forbidden',
      reason: 'NO_RULE',
    });
    expect(refusalOf(aRule({ roles: [] }), caller)).toMatchObject({ kind: 'forbidden', reason: 'ROLE_NOT_ALLOWED' });
  });

  it.each([
    ['without a rule', undefined, 'forbidden', 'NO_RULE'],
    ['without a class', aRule({ taskClass: TaskClass.UNSPECIFIED, roles }), 'forbidden', 'NO_RULE'],
    ['public, but without a class', aRule({ taskClass: TaskClass.UNSPECIFIED, public: true }), 'forbidden', 'NO_RULE'],
    [
      'of a class that is unknown here',
      aRule({ taskClass: TaskClass.UNRECOGNIZED, public: true }),
      'forbidden',
      'NO_RULE',
    ],
    ['with every role', aRule({ roles }), 'unauthenticated', 'TOKEN_MISSING'],
    ['with no role', aRule(), 'unauthenticated', 'TOKEN_MISSING'],
  ] as const)('for nobody, by a rule %s', (_name, rule, kind, reason) => {
    expect(refusalOf(rule, undefined)).toMatchObject({ kind, reason });
  });

  it.each([
    ['no role', Role.UNSPECIFIED],
    ['a role that is unknown here', Role.UNRECOGNIZED],
  ])('for a caller with %s, even where a rule names it', (_name, role) => {
    expect(refusalOf(aRule({ roles: [...roles, role] }), callerOf(role))).toMatchObject({
      kind: 'forbidden',
      reason: 'ROLE_NOT_ALLOWED',
    });
  });
});

describe('a public rule', () => {
  it('lets nobody in particular through', () => {
    expect(() => authorize(aRule({ public: true }), undefined)).not.toThrow();
  });

  it.each(roles.map((role) => [Role[role], role] as const))('lets %s through', (_name, role) => {
    expect(() => authorize(aRule({ public: true }), callerOf(role))).not.toThrow();
  });
});
