import {
  Metadata,
  status as Status,
  type sendUnaryData,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { authorize, type Caller } from '@paradesk/access';
import { violationsOf, type Rpc } from '@paradesk/contracts';
import { DomainError } from '@paradesk/kernel';
import { type Act, acting, currentAct, ruleText } from '../audit/act.js';
import type { TokenVerifier } from '../auth/tokens.js';
import { answerOnce } from '../database/idempotency.js';
import { crashPoint } from '../run/crash-points.js';
import { bindCaller, withDeadline } from './call-scope.js';
import { drained } from './drained.js';
import { namedMatters } from './named-matters.js';
import { requireScope, requireNamedClient } from './restrictions.js';
import { type ConnectionProof, requireOwnCertificate } from '../tls/peer-tls.js';
import { observeCall } from './rpc-telemetry.js';
import { withoutSecrets } from './secrets.js';
import type { MethodShape } from './service-definition.js';
import { toStatus } from './status.js';

/** A controller's method, as Nest hands it over. */
export type RpcHandler = (request: unknown, metadata: Metadata) => unknown;

/** An RPC and what serves it. */
export interface ServedRpc {
  readonly rpc: Rpc;
  readonly method: MethodShape;
  readonly handler: RpcHandler;
}

/** What of a call says who makes it. */
interface Admissible {
  readonly metadata: Metadata;
  getAuthContext(): ConnectionProof;
}

// What no deadline means: a call without one still ends.
const LONGEST_CALL_MS = 60_000;
const RESET_WAIT_MS = 20;
const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * What happens around every controller's method, in this order: span and metrics, token, rule, scope, field rules, client restriction,
 * idempotency key, and the refusal in the form that clients read. Nothing of it is repeated in a service.
 */
export class RpcPipeline {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly onError: (error: unknown, rpc: Rpc) => void,
    private readonly onRefusal: (act: Act, reason: string) => Promise<void> = async () => undefined,
  ) {}

  unary(
    { rpc, method, handler }: ServedRpc,
    call: ServerUnaryCall<unknown, unknown>,
    callback: sendUnaryData<unknown>,
    decoded: boolean,
  ): void {
    void this.run(rpc, call, async () => {
      const found = this.admit(rpc, call);
      const caller = found instanceof Promise ? await found : found;
      check(rpc, call.request, decoded);
      requireNamedClient(call.request, caller);
      const respond = async () => method.responseSerialize((await handler(call.request, call.metadata)) as never);
      const key = rpc.readOnly ? undefined : call.metadata.get('idempotency-key')[0];
      if (key === undefined || !caller) return callback(null, await respond());
      const command = {
        key: requireKey(key),
        method: rpc.path,
        tenantId: caller.tenantId,
        callerId: caller.personId ?? caller.service ?? 'operator',
        caller,
        mattersIn: namedMatters(rpc.descriptor.output),
        request: method.requestSerialize(call.request as never),
      };
      const answer = await answerOnce(command, respond, withoutSecrets(rpc.descriptor.output));
      const trailers = new Metadata();
      if (answer.replayed) trailers.set('idempotency-replayed', 'true');
      crashPoint('rpc.after-commit');
      callback(null, Buffer.from(answer.response), trailers);
    }).then((refusal) => refusal && callback(refusal));
  }

  clientStream(
    { rpc, method, handler }: ServedRpc,
    call: ServerReadableStream<unknown, unknown>,
    callback: sendUnaryData<unknown>,
  ): void {
    void this.run(rpc, call, async () => {
      const caller = await this.admit(rpc, call);
      callback(null, method.responseSerialize((await handler(checked(rpc, call, caller), call.metadata)) as never));
    }).then((refusal) => refusal && callback(refusal));
  }

  serverStream(
    { rpc, method, handler }: ServedRpc,
    call: ServerWritableStream<unknown, unknown>,
    decoded: boolean,
  ): void {
    void this.run(rpc, call, async () => {
      const caller = await this.admit(rpc, call);
      check(rpc, call.request, decoded);
      requireNamedClient(call.request, caller);
      const messages = (await handler(call.request, call.metadata)) as AsyncIterable<unknown>;
      for await (const message of messages) {
        if (call.cancelled) return;
        if (!call.write(method.responseSerialize(message as never))) await drained(call);
      }
      call.end();
    }).then((refusal) => refusal && call.emit('error', refusal));
  }

  // Without a promise where there is nothing to wait for: every call passes here.
  private admit(rpc: Rpc, call: Admissible): Caller | undefined | Promise<Caller> {
    const [bearer] = call.metadata.get('authorization');
    const token = typeof bearer === 'string' && /^bearer /i.test(bearer) ? bearer.slice(7) : undefined;
    if (token === undefined) return admitted(rpc, call, undefined);
    const caller = this.verifier.remembered(token);
    return caller
      ? admitted(rpc, call, caller)
      : this.verifier.verify(token).then((verified) => admitted(rpc, call, verified));
  }

  private run(rpc: Rpc, call: { metadata: Metadata; getDeadline(): Date | number }, work: () => Promise<void>) {
    const deadline = Number(call.getDeadline());
    const deadlineMs = Math.min(Number.isFinite(deadline) ? deadline : Infinity, Date.now() + LONGEST_CALL_MS);
    const act: Act = { action: rpc.path, rule: ruleText(rpc) };
    return observeCall(rpc, call.metadata, async () => {
      try {
        await acting(act, () => withDeadline(deadlineMs, work));
        return undefined;
      } catch (error) {
        // The caller hears of a refusal when it is on record.
        if (error instanceof DomainError && error.kind === 'forbidden') await this.onRefusal(act, error.reason);
        const refusal = toStatus(error);
        if (refusal.code === Status.INTERNAL || isUndecided(error)) this.onError(error, rpc);
        return refusal;
      }
    });
  }
}

function admitted<C extends Caller | undefined>(rpc: Rpc, call: Admissible, caller: C): C {
  const act = currentAct();
  if (caller) requireOwnCertificate(caller, call.getAuthContext());
  if (act && caller) act.caller = caller;
  authorize(rpc.rule, caller);
  requireScope(rpc, caller);
  if (caller) bindCaller(call.metadata, caller);
  return caller;
}

// A decision that could not be made is a refusal to the caller and a fault to us.
function isUndecided(error: unknown): boolean {
  return error instanceof DomainError && error.reason === 'EVALUATION_FAILED';
}

function check(rpc: Rpc, request: unknown, decoded: boolean): void {
  if (!decoded) throw new DomainError('invalid', 'NOT_A_MESSAGE', 'the request is no valid message');
  const violations = violationsOf(rpc.descriptor.input, request);
  if (violations.length > 0) throw DomainError.invalidAll(violations);
}

// Node ends a stream that its caller breaks off as if it were whole, and only then resets it. Half a file must never be taken for a file,
// so the end counts when no reset has come behind it.
async function* checked(
  rpc: Rpc,
  call: ServerReadableStream<unknown, unknown>,
  caller: Caller | undefined,
): AsyncIterable<unknown> {
  let first = true;
  try {
    for await (const message of call) {
      // The first message carries the fields; the others only more of the file.
      const decoded = typeof message !== 'symbol';
      if (first || !decoded) check(rpc, message, decoded);
      if (first) requireNamedClient(message, caller);
      first = false;
      yield message;
    }
    await new Promise((resolve) => setTimeout(resolve, RESET_WAIT_MS));
    // Sending the headers of the answer makes grpc-js look whether there still is a caller; it tells in the next tick.
    call.sendMetadata(new Metadata());
    await new Promise((resolve) => setImmediate(resolve));
  } catch (error) {
    if (!call.cancelled) throw error;
  }
  if (call.cancelled) throw new DomainError('unavailable', 'CANCELLED', 'the call was broken off');
}

function requireKey(key: string | Buffer): string {
  if (typeof key === 'string' && KEY.test(key)) return key;
  throw DomainError.invalid('Idempotency-Key', 'IDEMPOTENCY_KEY', 'takes 1 to 255 visible ASCII characters');
}
