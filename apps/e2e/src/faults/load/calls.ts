import { fromBinary, fromJson, toBinary, toJson, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import type { Caller } from '@paradesk/access';
import { registry, rpcs, type Rpc } from '@paradesk/contracts';
import { DomainError } from '@paradesk/kernel';
import { RawChannel } from '@paradesk/platform';
import type { Bootstrap } from '@paradesk/standalone';

/** Somebody who calls: over gRPC by a token, over REST by an API key where there is one. */
export interface Person {
  readonly caller: Caller;
  readonly apiKey?: string;
}

/** A call, in JSON as REST has it. */
export interface Call {
  readonly as: Person;
  /** Name of the RPC, such as `IssueInvoice`. */
  readonly method: string;
  readonly request: JsonObject;
  /** Idempotency-Key; none for reads. */
  readonly key?: string;
}

/** What a caller knows after a call: that it was done, that it was not, or neither. */
export type Outcome =
  | { readonly is: 'done'; readonly answer: JsonObject; readonly text: string }
  | { readonly is: 'refused'; readonly reason: string }
  | { readonly is: 'unknown'; readonly reason: string };

const TOKEN_LASTS_MS = 60_000;
const TIMEOUT_MS = 10_000;
// Of refusals only these say nothing about whether the command took effect, or may take effect still.
const SAYS_NOTHING = new Set([408, 429]);

/** Calls any RPC of the running system, directly or through the gateway. */
export class Calls {
  private readonly channels = new Map<string, RawChannel>();
  private readonly tokens = new Map<string, { token: string; untilMs: number }>();
  private readonly byMethod = new Map(rpcs().map((rpc) => [rpc.method, rpc]));

  constructor(
    private readonly api: string,
    private readonly addresses: Readonly<Record<string, string>>,
    private readonly bootstrap: Bootstrap,
  ) {}

  rpc(method: string): Rpc {
    const rpc = this.byMethod.get(method);
    if (!rpc) throw new Error(`the contracts have no RPC ${method}`);
    return rpc;
  }

  /** Never throws for what the system does. */
  async make(call: Call, way: 'rest' | 'grpc'): Promise<Outcome> {
    const rpc = this.rpc(call.method);
    if (way === 'rest' && call.as.apiKey !== undefined && rpc.http) return this.rest(rpc, call);
    return this.grpc(rpc, call);
  }

  close(): void {
    for (const channel of this.channels.values()) channel.close();
    this.channels.clear();
  }

  private async grpc(rpc: Rpc, { as, request, key }: Call): Promise<Outcome> {
    try {
      const bytes = Buffer.from(
        toBinary(rpc.descriptor.input, fromJson(rpc.descriptor.input, request, { registry: registry() })),
      );
      const metadata = {
        authorization: `Bearer ${await this.tokenOf(as.caller, rpc.owner ?? '')}`,
        ...(key !== undefined && { 'idempotency-key': key }),
      };
      const body = await this.exchange(rpc, bytes, metadata);
      const answer = toJson(rpc.descriptor.output, fromBinary(rpc.descriptor.output, body), {
        alwaysEmitImplicit: true,
        registry: registry(),
      });
      return { is: 'done', answer: answer as JsonObject, text: JSON.stringify(answer) };
    } catch (error) {
      if (!(error instanceof DomainError)) return { is: 'unknown', reason: 'INTERNAL' };
      const isDefinite = error.kind !== 'unavailable' && error.kind !== 'exhausted';
      return { is: isDefinite ? 'refused' : 'unknown', reason: error.reason };
    }
  }

  private async exchange(rpc: Rpc, request: Buffer, metadata: Record<string, string>): Promise<Uint8Array> {
    const channel = this.channelTo(rpc.owner ?? '');
    const call = { metadata, timeoutMs: TIMEOUT_MS };
    if (rpc.descriptor.methodKind === 'client_streaming')
      return (await channel.clientStream(rpc.path, one(request), call)).body;
    return (await channel.unary(rpc.path, request, call)).body;
  }

  private async rest(rpc: Rpc, { as, request, key }: Call): Promise<Outcome> {
    const { verb, path, body } = toHttp(rpc, request);
    try {
      const response = await fetch(this.api + path, {
        method: verb,
        headers: {
          authorization: `Bearer ${as.apiKey}`,
          ...(body && { 'content-type': body.type }),
          ...(key !== undefined && { 'idempotency-key': key }),
        },
        ...(body && { body: body.content }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      const answer = (response.headers.get('content-type') ?? '').includes('json')
        ? (JSON.parse(text) as JsonObject)
        : {};
      if (response.ok) return { is: 'done', answer, text };
      const isDefinite = response.status < 500 && !SAYS_NOTHING.has(response.status);
      return { is: isDefinite ? 'refused' : 'unknown', reason: String(answer.reason ?? response.status) };
    } catch (error) {
      return { is: 'unknown', reason: error instanceof Error ? error.name : 'NO_ANSWER' };
    }
  }

  private async tokenOf(caller: Caller, audience: string): Promise<string> {
    const held = `${caller.personId} ${caller.tenantId} ${audience}`;
    const known = this.tokens.get(held);
    if (known && known.untilMs > performance.now()) return known.token;
    const token = await this.bootstrap.tokenFor(caller, audience);
    this.tokens.set(held, { token, untilMs: performance.now() + TOKEN_LASTS_MS });
    return token;
  }

  private channelTo(service: string): RawChannel {
    const channel = this.channels.get(service) ?? new RawChannel(this.addresses[service] ?? '');
    this.channels.set(service, channel);
    return channel;
  }
}

interface HttpRequest {
  readonly verb: string;
  readonly path: string;
  readonly body?: { readonly type: string; readonly content: string | Uint8Array<ArrayBuffer> };
}

/** A request as `google.api.http` binds it: fields of the path, the body, and the rest in the query. */
function toHttp({ http, descriptor }: Rpc, request: JsonObject): HttpRequest {
  if (!http) throw new Error(`${descriptor.name} is not bound to REST`);
  const rest: Record<string, JsonValue> = { ...request };
  const path = http.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const field = descriptor.input.fields.find((one) => one.name === name)?.jsonName ?? name;
    const value = rest[field];
    delete rest[field];
    return encodeURIComponent(String(value));
  });
  if (http.body === '*') {
    return { verb: http.verb.toUpperCase(), path, body: { type: 'application/json', content: JSON.stringify(rest) } };
  }
  const file = http.body ? (rest[http.body] as { contentType: string; data: string }) : undefined;
  delete rest[http.body];
  const query = new URLSearchParams(flat(rest)).toString();
  const content = file && { type: file.contentType, content: new Uint8Array(Buffer.from(file.data, 'base64')) };
  return { verb: http.verb.toUpperCase(), path: query ? `${path}?${query}` : path, ...(content && { body: content }) };
}

function flat(fields: Readonly<Record<string, JsonValue>>, prefix = ''): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? flat(value, `${prefix}${name}.`)
      : [[prefix + name, String(value)] satisfies [string, string]],
  );
}

async function* one(request: Buffer): AsyncIterable<Buffer> {
  yield request;
}
