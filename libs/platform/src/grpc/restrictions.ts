import type { Caller } from '@paradesk/access';
import { scopeOf, type Rpc } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError } from '@paradesk/kernel';

const OF_CLIENTS: ReadonlySet<Role> = new Set([Role.ATTORNEY, Role.PARTNER]);

/**
 * Refuses what the caller's API key is not good for, whatever the role may.
 *
 * @throws DomainError forbidden SCOPE_MISSING, whose metadata name the scope
 */
export function requireScope(rpc: Rpc, caller: Caller | undefined): void {
  if (!caller?.scopes || rpc.rule?.public) return;
  const scope = scopeOf(rpc);
  if (caller.scopes.includes(scope)) return;
  throw DomainError.forbidden('SCOPE_MISSING', `the API key is not good for ${scope}`, { scope });
}

/**
 * Refuses what does not name the one client that a key of staff is restricted to. What a role of the tenant may see is not limited by a
 * client otherwise, so it fails closed: a request that says nothing of a client is refused as well. Attorneys and partner systems are of
 * their client by themselves.
 *
 * @throws DomainError forbidden CLIENT_RESTRICTED
 */
export function requireNamedClient(request: unknown, caller: Caller | undefined): void {
  if (!caller?.clientId || OF_CLIENTS.has(caller.role)) return;
  const { clientId } = request as { readonly clientId?: unknown };
  if (typeof clientId === 'string' && clientId.toLowerCase() === caller.clientId.toLowerCase()) return;
  const message = 'the API key is restricted to one client: name it by clientId, where the operation takes one';
  throw DomainError.forbidden('CLIENT_RESTRICTED', message);
}
