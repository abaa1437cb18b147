import type { Role } from '@paradesk/contracts/paradesk/common/v1/rule';

/** Who calls, as a verified token says: one person, or one of Paradesk's services, of or for one tenant. */
export interface Caller {
  /** UUID of the tenant: every row that the call can see is this tenant's. */
  readonly tenantId: string;
  readonly role: Role;
  /** UUID of the person; absent for a service and for an operator. */
  readonly personId?: string;
  /** UUID of the client of an attorney or a partner system; of staff, the one client that their API key is restricted to, if it is. */
  readonly clientId?: string;
  /** Name of the calling service, such as `billing`; absent for people. */
  readonly service?: string;
  /** What the API key is good for (`scopeOf` in the contracts); absent where that is all that the role may. */
  readonly scopes?: readonly string[];
}
