import { DomainError } from '@paradesk/kernel';
import type { Operation } from './operation.js';

/** The operation that a request means, with the texts of its path's variables in order, still percent-encoded. */
export interface Route {
  readonly operation: Operation;
  readonly values: readonly string[];
}

interface Branch {
  readonly texts: Map<string, Branch>;
  variable: Branch | undefined;
  /** By suffix, then by verb. */
  readonly ends: Map<string, Map<string, Operation>>;
}

/**
 * Finds operations by verb and path. A router of our own, since those of Fastify take the colon of `/v1/invoices/{id}:issue` for a
 * variable and know no 405. Texts win over variables; the raw path is compared, so that an encoded slash or colon stays in its variable.
 */
export class RouteTable {
  private readonly root = emptyBranch();

  /** @throws Error where two operations have the same verb and path */
  constructor(operations: readonly Operation[]) {
    for (const operation of operations) this.add(operation);
  }

  /**
   * @param verb HTTP method in upper case
   * @param path raw path without the query
   * @throws DomainError not-found ROUTE_NOT_FOUND; invalid METHOD_NOT_ALLOWED with metadata `allow`
   */
  find(verb: string, path: string): Route {
    const parts = path.slice(1).split('/');
    const last = parts.pop() ?? '';
    const colon = last.lastIndexOf(':');
    const suffix = colon < 0 ? '' : last.slice(colon + 1);
    parts.push(colon < 0 ? last : last.slice(0, colon));
    const values: string[] = [];
    const verbs = colon === last.length - 1 && colon >= 0 ? undefined : match(this.root, parts, 0, suffix, values);
    if (!verbs) throw new DomainError('not-found', 'ROUTE_NOT_FOUND', 'there is nothing at this path');
    const operation = verbs.get(verb);
    if (operation) return { operation, values };
    const allow = [...verbs.keys()].join(', ');
    throw new DomainError('invalid', 'METHOD_NOT_ALLOWED', `this path takes ${allow}`, [], { allow });
  }

  private add(operation: Operation): void {
    let branch = this.root;
    for (const segment of operation.segments) branch = grow(branch, segment);
    const verbs = branch.ends.get(operation.suffix) ?? new Map<string, Operation>();
    branch.ends.set(operation.suffix, verbs);
    const taken = verbs.get(operation.verb);
    if (taken)
      throw new Error(`${taken.rpc.path} and ${operation.rpc.path} are both ${operation.verb} ${operation.path}`);
    verbs.set(operation.verb, operation);
  }
}

function emptyBranch(): Branch {
  return { texts: new Map(), variable: undefined, ends: new Map() };
}

function grow(branch: Branch, segment: Operation['segments'][number]): Branch {
  if (typeof segment !== 'string') return (branch.variable ??= emptyBranch());
  const next = branch.texts.get(segment) ?? emptyBranch();
  branch.texts.set(segment, next);
  return next;
}

function match(
  branch: Branch,
  parts: readonly string[],
  at: number,
  suffix: string,
  values: string[],
): Map<string, Operation> | undefined {
  const part = parts[at];
  if (part === undefined) return branch.ends.get(suffix);
  const text = branch.texts.get(part);
  const found = text && match(text, parts, at + 1, suffix, values);
  if (found || !branch.variable || part === '') return found;
  values.push(part);
  const below = match(branch.variable, parts, at + 1, suffix, values);
  if (!below) values.pop();
  return below;
}
