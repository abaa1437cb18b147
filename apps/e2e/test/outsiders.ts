import type { Caller } from '@paradesk/access';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { Case } from './one-case.js';
import type { SystemUnderTest } from './running-system.js';

/** Somebody of the case's own tenant who must not see its matter. */
export interface Outsider {
  /** Why they are kept out, with their role. */
  readonly name: string;
  readonly caller: Caller & { readonly role: Role };
  /** Nouns of the case's things that they do not see. */
  readonly hidden: ReadonlySet<string>;
}

type Item = { id: string };
type Post = <T = Item>(path: string, body: object) => Promise<T>;

// All that is the matter's; clients and people are seen by whoever works for the tenant.
const OF_THE_MATTER = [
  'matter',
  'assignment',
  'wall',
  'agreement',
  'rate',
  'time_entry',
  'entry',
  'expense',
  'adjustment',
  'invoice',
  'payment',
  'write_off',
  'document',
  'message',
];

/** People of every role that may be kept out, each by each way to be kept out. */
export async function makeOutsiders(system: SystemUnderTest, { tenantId, ids }: Case): Promise<Outsider[]> {
  const post: Post = async <T>(path: string, body: object): Promise<T> => {
    const answer = await system.rest<T>(system.system.file.keys.operationsManager, 'POST', path, body);
    if (answer.status !== 200)
      throw new Error(`POST ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const hire = hireFrom(post);
  const of = (name: string, role: Role, personId: string, clientId?: string): Outsider => ({
    name: `${Role[role]} ${name}`,
    caller: { tenantId, role, personId, ...(clientId !== undefined && { clientId }) },
    hidden: new Set(clientId === undefined ? OF_THE_MATTER : ['client', ...OF_THE_MATTER]),
  });
  const matter = `/v1/matters/${ids.get('matter')}`;
  const outsiders: Outsider[] = [];
  for (const role of [Role.OPERATIONS_MANAGER, Role.BILLING_MANAGER]) {
    const personId = await hire(role);
    await post(`${matter}/walls`, { personId, reason: 'Worked for the other side' });
    outsiders.push(of('behind a wall', role, personId));
  }
  for (const role of [Role.PARALEGAL, Role.VIRTUAL_ASSISTANT]) {
    outsiders.push(of('not on the matter', role, await hire(role)));
    const personId = await hire(role);
    const work = { personId, work: 'Scans of the production', taskKind: 'documents.scan' };
    const { assignments } = await post<{ assignments: (Item & { personId: string })[] }>(`${matter}/assignments`, work);
    const own = assignments.find((assignment) => assignment.personId === personId)!;
    await post(`${matter}/assignments/${own.id}:end`, {});
    outsiders.push(of('whose assignment ended', role, personId));
  }
  const firm = { code: 'OUTSIDE', name: 'Outside LLP', kind: 'CLIENT_KIND_LAW_FIRM', addressLines: ['4 Mill Road'] };
  const { id: clientId } = await post('/v1/clients', firm);
  for (const role of [Role.ATTORNEY, Role.PARTNER])
    outsiders.push(of('of another client', role, await hire(role, { clientId }), clientId));
  return outsiders;
}

function hireFrom(post: Post): (role: Role, more?: object) => Promise<string> {
  let hired = 0;
  return async (role, more = {}) => {
    const email = `outsider${++hired}@paradesk.example`;
    const person = { firstName: 'Olga', lastName: `Outside ${hired}`, email, role: `ROLE_${Role[role]}`, ...more };
    return (await post('/v1/people', person)).id;
  };
}
