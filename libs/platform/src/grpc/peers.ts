import { rpcs, type Rpc } from '@paradesk/contracts';
import { DomainError } from '@paradesk/kernel';
import type { TenantScope } from '../database/database.js';
import type { PeerTls } from '../tls/peer-tls.js';
import { RawChannel, type RawCall } from './raw-channel.js';
import { encodeRequest, type MethodShape, type ServiceClient, type ServiceShape } from './service-definition.js';

/** For whom to call, and how long to wait. */
export interface PeerCall extends TenantScope {
  /** Most milliseconds; 5,000 by default. */
  readonly timeoutMs?: number;
}

/** Where tokens for calls to other services come from. */
export interface ServiceTokens {
  /** A token by which `audience` knows this service, acting for the tenant. */
  tokenFor(audience: string, tenantId: string): Promise<string>;
  /** `audience` does not take that token: the next one is to be new. */
  forget(audience: string, tenantId: string): void;
}

const byPath = new Map<string, Rpc>();

/** What the contracts say of an RPC. @throws Error for a path that they do not have */
export function rpcAt(path: string): Rpc {
  if (byPath.size === 0) for (const rpc of rpcs()) byPath.set(rpc.path, rpc);
  const rpc = byPath.get(path);
  if (!rpc) throw new Error(`the contracts have no RPC ${path}`);
  return rpc;
}

/** The other services, by name. Connections are made at the first call. */
export class Peers {
  private readonly channels = new Map<string, RawChannel>();

  /**
   * @param addresses `host:port` by name of the service
   * @param tokens signs this service in
   * @param tls secures the connections; plain text by default
   */
  constructor(
    private readonly addresses: () => Readonly<Record<string, string>>,
    private readonly tokens: ServiceTokens,
    private readonly tls?: PeerTls,
  ) {}

  /**
   * A client that acts as this service for one tenant a call. Idempotent calls are tried again when the peer cannot be reached. A call that
   * is refused for its token, which has no effect, is made once more with a new one: a clock may have been wrong when it was issued.
   *
   * @param name the peer, such as `documents`
   * @param definition such as `DocumentsServiceService`
   */
  client<D extends ServiceShape>(name: string, definition: D): ServiceClient<D, PeerCall> {
    return makeClient(definition, {
      channel: () => this.channel(name),
      prepare: async (call: PeerCall) => ({
        timeoutMs: call.timeoutMs,
        metadata: { authorization: `Bearer ${await this.tokens.tokenFor(name, call.tenantId)}` },
      }),
      unauthenticated: (call: PeerCall) => this.tokens.forget(name, call.tenantId),
    });
  }

  /** The connection to a peer. @throws Error where no address is configured */
  channel(name: string): RawChannel {
    let channel = this.channels.get(name);
    if (!channel) {
      const address = this.addresses()[name];
      if (!address) throw new Error(`PEERS names no address of ${name}`);
      channel = new RawChannel(address, this.tls?.to(name));
      this.channels.set(name, channel);
    }
    return channel;
  }

  close(): void {
    for (const channel of this.channels.values()) channel.close();
    this.channels.clear();
  }
}

/** What a typed client is made of. */
export interface ClientParts<Options> {
  channel(): RawChannel;
  prepare(options: Options): Promise<RawCall>;
  /** Told that the peer did not take what `prepare` gave to prove who calls, before it is asked once more. */
  unauthenticated?(options: Options): void;
}

/** A typed client of a service over a raw channel. */
export function makeClient<D extends ServiceShape, Options>(
  definition: D,
  parts: ClientParts<Options>,
): ServiceClient<D, Options> {
  const client: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(definition)) client[name] = callerFor(method, parts);
  return client as ServiceClient<D, Options>;
}

function callerFor<Options>(method: MethodShape, parts: ClientParts<Options>): unknown {
  const { channel, prepare } = parts;
  const retry = rpcAt(method.path).idempotent;
  // The messages of a stream are gone with its first attempt: only the next call has a new token.
  const noted = (error: unknown, options: Options): unknown => {
    if (isUnauthenticated(error)) parts.unauthenticated?.(options);
    return error;
  };
  if (method.requestStream) {
    return async (requests: AsyncIterable<object>, options: Options) => {
      try {
        const answer = await channel().clientStream(method.path, encoded(method, requests), await prepare(options));
        return method.responseDeserialize(answer.body);
      } catch (error) {
        throw noted(error, options);
      }
    };
  }
  if (method.responseStream) {
    return async function* (request: object, options: Options) {
      try {
        const messages = channel().serverStream(method.path, encodeRequest(method, request), await prepare(options));
        for await (const message of messages) yield method.responseDeserialize(message);
      } catch (error) {
        throw noted(error, options);
      }
    };
  }
  return (request: object, options: Options) =>
    authenticated(parts, options, async () => {
      const answer = await channel().unary(method.path, encodeRequest(method, request), {
        ...(await prepare(options)),
        retry,
      });
      return method.responseDeserialize(answer.body);
    });
}

async function authenticated<Options, T>(
  { unauthenticated }: ClientParts<Options>,
  options: Options,
  attempt: () => Promise<T>,
): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!unauthenticated || !isUnauthenticated(error)) throw error;
    unauthenticated(options);
    return attempt();
  }
}

function isUnauthenticated(error: unknown): boolean {
  return error instanceof DomainError && error.kind === 'unauthenticated';
}

async function* encoded(method: MethodShape, requests: AsyncIterable<object>): AsyncIterable<Buffer> {
  for await (const request of requests) yield encodeRequest(method, request);
}
