import { AsyncLocalStorage } from 'node:async_hooks';
import type { Metadata } from '@grpc/grpc-js';
import type { Caller } from '@paradesk/access';
import { DomainError } from '@paradesk/kernel';

/** Metadata of a call, the second argument of a controller's method. */
export type CallMetadata = Metadata;

interface CallScope {
  /** Milliseconds since the epoch by which the caller wants its answer. */
  readonly deadlineMs: number;
}

const scopes = new AsyncLocalStorage<CallScope>();
const callers = new WeakMap<object, Caller>();

/** Remembers who makes a call, for its controller. */
export function bindCaller(metadata: CallMetadata, caller: Caller): void {
  callers.set(metadata, caller);
}

/** Who makes this call. @throws DomainError unauthenticated TOKEN_MISSING for a public RPC called without a token */
export function callerOf(metadata: CallMetadata | undefined): Caller {
  const caller = metadata && callers.get(metadata);
  if (!caller) throw new DomainError('unauthenticated', 'TOKEN_MISSING', 'sign in to do this');
  return caller;
}

/** Runs a call; what it calls in turn gets no more time than it has itself. */
export function withDeadline<T>(deadlineMs: number, work: () => T): T {
  return scopes.run({ deadlineMs }, work);
}

/** When an outgoing call must be over: in `timeoutMs`, or earlier where the incoming call ends earlier. */
export function outgoingDeadline(timeoutMs: number): number {
  return Math.min(Date.now() + timeoutMs, scopes.getStore()?.deadlineMs ?? Infinity);
}
