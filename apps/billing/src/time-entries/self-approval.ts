import { decide, refusalOf, type Caller } from '@paradesk/access';
import { rpcs } from '@paradesk/contracts';
import type { TimeEntry } from './time-entry.entity.js';

const rule = rpcs().find(({ path }) => path.endsWith('.TimeEntriesService/ApproveTimeEntries'))?.rule;

/** Nobody approves their own time, however little it is. @throws DomainError forbidden SELF_APPROVAL */
export function refuseSelfApproval(caller: Caller, { id, tenantId, clientId, personId }: TimeEntry): void {
  const resource = { tenantId, clientId, ownerPersonId: personId };
  const decision = decide({ principal: caller, rule, action: 'approve', resource });
  if (!decision.allowed) throw refusalOf(decision, { noun: 'time entry', id });
}
