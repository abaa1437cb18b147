import { describe, expect, it } from '@jest/globals';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError } from '@paradesk/kernel';
import { aMatter, aPrincipal, aRule, OTHER_CLIENT, OTHER_TENANT, TENANT } from '../test/access-requests.js';
import { decide, type Refused, type Resource } from './decide.js';
import { refusalOf } from './refusal.js';

const matter = { noun: 'matter', id: '01890a5d-ac96-774b-bcce-b302099a8099' };

const refused = (role: Role, resource: Partial<Resource>, taskClass: TaskClass = TaskClass.ADMINISTRATIVE): Refused => {
  const decision = decide({
    action: 'call',
    principal: aPrincipal(role),
    rule: aRule(taskClass),
    resource: { tenantId: TENANT, ...resource },
  });
  if (decision.allowed) throw new Error('it was allowed');
  return decision;
};

const seen = ({ kind, reason, message, violations, metadata }: DomainError) => ({
  kind,
  reason,
  message,
  violations,
  metadata,
});

describe('what leaves for a refusal', () => {
  it.each([
    ["another tenant's", refused(Role.OPERATIONS_MANAGER, { tenantId: OTHER_TENANT }), 'WRONG_TENANT'],
    ["another client's", refused(Role.ATTORNEY, { matter: aMatter({ clientId: OTHER_CLIENT }) }), 'CLIENT_NOT_YOURS'],
    ['a walled one', refused(Role.PARALEGAL, { matter: aMatter({ isWalled: true }) }), 'WALLED'],
    ['one of another team', refused(Role.PARALEGAL, { matter: aMatter({ isOnTeam: false }) }), 'NOT_ON_MATTER'],
    ['one that operators never see', refused(Role.OPERATOR, { matter: aMatter() }), 'OPERATOR_OUTSIDE_MATTERS'],
    [
      'a walled one without a supervising attorney',
      refused(
        Role.PARALEGAL,
        { matter: aMatter({ isWalled: true, supervisingAttorneyId: undefined }) },
        TaskClass.SUBSTANTIVE,
      ),
      'WALLED',
    ],
  ])('of %s is the same as of none', (_name, decision, reason) => {
    expect(decision.reason).toBe(reason);
    const refusal = refusalOf(decision, matter);
    expect(seen(refusal)).toEqual(seen(DomainError.notFound(matter.noun, matter.id)));
    expect(refusal.cause).toBe(decision);
  });

  it('names the reason where there is nothing to hide', () => {
    const decision = refused(Role.VIRTUAL_ASSISTANT, { matter: aMatter() }, TaskClass.SUBSTANTIVE);
    expect(refusalOf(decision, matter)).toMatchObject({
      kind: 'forbidden',
      reason: 'TASK_CLASS_NOT_ALLOWED',
      message: 'a virtual assistant does administrative work only',
    });
  });

  it('keeps a fault for the log, away from the client', () => {
    const decision: Refused = {
      allowed: false,
      reason: 'EVALUATION_FAILED',
      message: 'it could not be decided',
      hidden: false,
      policyIds: [],
      fault: 'no such fact',
    };
    const refusal = refusalOf(decision, matter);
    expect(refusal.cause).toMatchObject({ fault: 'no such fact' });
    expect(seen(refusal)).toMatchObject({ kind: 'forbidden', reason: 'EVALUATION_FAILED' });
    expect(JSON.stringify(seen(refusal))).not.toContain('no such fact');
  });
});
