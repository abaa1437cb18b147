import { Role, TaskClass, type Rule } from '@paradesk/contracts/paradesk/common/v1/rule';
import { Money } from '@paradesk/kernel';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import type { AccessRequest, MatterFacts, Principal, Resource } from '../src/decide.js';

/** Every role there is. */
export const roles = Object.values(Role).filter((role): role is Role => typeof role === 'number' && role > 0);
/** Every class there is. */
export const classes = [TaskClass.ADMINISTRATIVE, TaskClass.SUBSTANTIVE, TaskClass.RESERVED] as const;

export const TENANT = '01890a5d-ac96-774b-bcce-b302099a8057';
export const OTHER_TENANT = '01890a5d-ac96-774b-bcce-b302099a8058';
export const CLIENT = '01890a5d-ac96-774b-bcce-b302099a8061';
export const OTHER_CLIENT = '01890a5d-ac96-774b-bcce-b302099a8062';
export const PERSON = '01890a5d-ac96-774b-bcce-b302099a8071';
export const OTHER_PERSON = '01890a5d-ac96-774b-bcce-b302099a8072';
export const TODAY = Temporal.PlainDate.from('2026-11-25');

export const aPrincipal = (role: Role, changes: Partial<Principal> = {}): Principal => ({
  tenantId: TENANT,
  role,
  ...(role === Role.SERVICE ? { service: 'billing' } : { personId: PERSON }),
  ...([Role.ATTORNEY, Role.PARTNER].includes(role) && { clientId: CLIENT }),
  ...changes,
});

export const aMatter = (changes: Partial<MatterFacts> = {}): MatterFacts => ({
  clientId: CLIENT,
  isOnTeam: true,
  isWalled: false,
  supervisingAttorneyId: OTHER_PERSON,
  jurisdiction: 'US-CA',
  ...changes,
});

export const aRule = (taskClass: TaskClass, named: readonly Role[] = roles): Rule => ({
  taskClass,
  roles: [...named],
  public: false,
});

const ids = (own: string, other: string) => fc.constantFrom(own, own, other);

const matterFacts: fc.Arbitrary<MatterFacts> = fc.record(
  {
    clientId: ids(CLIENT, OTHER_CLIENT),
    isOnTeam: fc.boolean(),
    isWalled: fc.boolean(),
    supervisingAttorneyId: fc.constant(OTHER_PERSON),
    jurisdiction: fc.constantFrom('US-CA', 'US-NY', '__proto__', 'toString'),
  },
  { requiredKeys: ['clientId', 'isOnTeam', 'isWalled'] },
);

const money = fc
  .tuple(fc.bigInt(-(2n ** 63n) + 1n, 2n ** 63n - 1n), fc.constantFrom('USD', 'EUR'))
  .map(([minor, currency]) => Money.of(minor, currency));
const dates = fc.integer({ min: -40, max: 40 }).map((days) => TODAY.add({ days }));

const resources: fc.Arbitrary<Resource> = fc.record(
  {
    tenantId: ids(TENANT, OTHER_TENANT),
    matter: matterFacts,
    clientId: ids(CLIENT, OTHER_CLIENT),
    ownerPersonId: ids(OTHER_PERSON, PERSON),
    amount: money,
  },
  { requiredKeys: ['tenantId'] },
);

const principals: fc.Arbitrary<Principal> = fc.record(
  {
    tenantId: fc.constant(TENANT),
    role: fc.constantFrom(...roles),
    personId: fc.constant(PERSON),
    clientId: ids(CLIENT, OTHER_CLIENT),
    service: fc.constant('billing'),
    qualifiedUntil: fc.dictionary(fc.constantFrom('US-CA', 'US-NY'), dates),
    qualificationNotAsked: fc.boolean(),
  },
  { requiredKeys: ['tenantId', 'role'] },
);

const rules: fc.Arbitrary<Rule> = fc.record({
  taskClass: fc.constantFrom(...classes, TaskClass.UNSPECIFIED),
  roles: fc.subarray(roles, { minLength: 0 }),
  public: fc.boolean(),
});

/** A question about something, by somebody. */
export type FullRequest = AccessRequest & { principal: Principal; rule: Rule; resource: Resource };

/** Whatever may be asked about something: any role, rule, class and facts. */
export const anyRequest: fc.Arbitrary<FullRequest> = fc.oneof(
  ...(['call', 'work'] as const).map((action) =>
    fc.record({ action: fc.constant(action), principal: principals, rule: rules, resource: resources }),
  ),
  fc.record({
    action: fc.constant('beAssigned' as const),
    principal: principals,
    rule: rules,
    resource: resources,
    today: fc.constant(TODAY),
  }),
  fc.record(
    {
      action: fc.constant('approve' as const),
      principal: principals,
      rule: rules,
      resource: resources,
      selfApprovalLimit: money,
    },
    { requiredKeys: ['action', 'principal', 'rule', 'resource'] },
  ),
);
