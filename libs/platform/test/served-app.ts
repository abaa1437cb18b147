import { Client, credentials } from '@grpc/grpc-js';
import { Controller, type INestApplication, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { HttpBody } from '@paradesk/contracts/google/api/httpbody';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import {
  Document,
  DocumentsServiceControllerMethods,
  DocumentsServiceService,
  type DownloadDocumentRequest,
  Erasure,
  type GetDocumentRequest,
  type ListDocumentsRequest,
  ListDocumentsResponse,
  type UploadDocumentRequest,
} from '@paradesk/contracts/paradesk/documents/v1/documents';
import {
  ApiKey,
  ApiKeysServiceControllerMethods,
  ApiKeysServiceService,
  CreatedApiKey,
  type CreateApiKeyRequest,
  ListApiKeysResponse,
  type RevokeApiKeyRequest,
} from '@paradesk/contracts/paradesk/identity/v1/api_keys';
import { newId } from '@paradesk/kernel';
import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from 'jose';
import type { webcrypto } from 'node:crypto';
import { Temporal } from 'temporal-polyfill';
import { TOKEN_ALGORITHM, TOKEN_ISSUER, TokenVerifier } from '../src/auth/tokens.js';
import { Clock } from '../src/clock.js';
import type { CallMetadata } from '../src/grpc/call-scope.js';
import { GrpcStrategy } from '../src/grpc/grpc-strategy.js';
import { makeClient } from '../src/grpc/peers.js';
import { RawChannel } from '../src/grpc/raw-channel.js';
import type { ServiceClient, ServiceShape } from '../src/grpc/service-definition.js';
import type { ChannelSecurity, PeerTls } from '../src/tls/peer-tls.js';
import { RethrowFilter } from '../src/run/rethrow-filter.js';

/** The service that tokens of these tests are for. */
export const AUDIENCE = 'documents';

/** Stands still until a test moves it. */
export class HandClock extends Clock {
  private moment = Temporal.Instant.from('2026-03-02T15:00:00Z');

  override now(): Temporal.Instant {
    return this.moment;
  }

  get seconds(): number {
    return this.moment.epochMilliseconds / 1000;
  }

  advance(seconds: number): void {
    this.moment = this.moment.add({ seconds });
  }
}

/** A key of identity's, with which these tests sign. */
export class SigningKey {
  private constructor(
    readonly kid: string,
    readonly privateKey: webcrypto.CryptoKey,
    readonly publicKey: webcrypto.CryptoKey,
    readonly jwks: JSONWebKeySet,
  ) {}

  static async make(kid: string): Promise<SigningKey> {
    const { privateKey, publicKey } = await generateKeyPair(TOKEN_ALGORITHM, { crv: 'Ed25519', extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid, alg: TOKEN_ALGORITHM, use: 'sig' };
    return new SigningKey(kid, privateKey, publicKey, { keys: [jwk] });
  }

  /** A token as identity gives it, but for `changes`; a claim that is undefined is left out. */
  async sign(
    clock: HandClock,
    changes: JWTPayload = {},
    header: { kid?: string } = { kid: this.kid },
  ): Promise<string> {
    return new SignJWT({ ...claimsAt(clock.seconds), ...changes })
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, ...header })
      .sign(this.privateKey);
  }
}

/** What a good token says: an operations manager, who may call every RPC here. */
export function claimsAt(seconds: number): JWTPayload {
  return {
    iss: TOKEN_ISSUER,
    aud: AUDIENCE,
    sub: '01890a5d-ac96-774b-bcce-b302099a8057',
    tenant: '01890a5d-ac96-774b-bcce-b302099a8058',
    role: Role[Role.OPERATIONS_MANAGER],
    jti: newId(seconds * 1000),
    iat: seconds,
    exp: seconds + 120,
  };
}

/** What the controllers do: a test replaces what it looks at. */
export const defaults = {
  getDocument: async (request: GetDocumentRequest, _metadata: CallMetadata): Promise<Document> =>
    Document.fromPartial({ id: request.documentId, name: 'brief.pdf' }),
  listDocuments: async (_request: ListDocumentsRequest, _metadata: CallMetadata): Promise<ListDocumentsResponse> =>
    ListDocumentsResponse.fromPartial({}),
  uploadDocument: async (messages: AsyncIterable<UploadDocumentRequest>): Promise<Document> => {
    let bytes = 0;
    for await (const message of messages) bytes += message.file?.data.length ?? 0;
    return Document.fromPartial({ name: `${bytes} bytes` });
  },
  downloadDocument: async function* (_request: DownloadDocumentRequest): AsyncIterable<HttpBody> {
    for (const part of ['one ', 'two ', 'three'])
      yield { contentType: 'text/plain', data: Buffer.from(part), extensions: [] };
  },
  createApiKey: async (_request: CreateApiKeyRequest, _metadata: CallMetadata): Promise<CreatedApiKey> =>
    CreatedApiKey.fromPartial({}),
};

export const behaviour: typeof defaults = { ...defaults };

@Controller()
@DocumentsServiceControllerMethods()
export class DocumentsController {
  uploadDocument(messages: AsyncIterable<UploadDocumentRequest>) {
    return behaviour.uploadDocument(messages);
  }

  getDocument(request: GetDocumentRequest, metadata: CallMetadata) {
    return behaviour.getDocument(request, metadata);
  }

  listDocuments(request: ListDocumentsRequest, metadata: CallMetadata) {
    return behaviour.listDocuments(request, metadata);
  }

  downloadDocument(request: DownloadDocumentRequest) {
    return behaviour.downloadDocument(request);
  }

  eraseMatter() {
    return Erasure.fromPartial({});
  }
}

@Controller()
@ApiKeysServiceControllerMethods()
export class ApiKeysController {
  createApiKey(request: CreateApiKeyRequest, metadata: CallMetadata) {
    return behaviour.createApiKey(request, metadata);
  }

  listApiKeys() {
    return ListApiKeysResponse.fromPartial({});
  }

  rotateApiKey() {
    return CreatedApiKey.fromPartial({});
  }

  revokeApiKey(request: RevokeApiKeyRequest) {
    return ApiKey.fromPartial({ id: request.apiKeyId });
  }
}

@Module({})
class AppRoot {}

/** A call of a test's client: a token instead of the good one, an idempotency key, other metadata, or a deadline. */
export interface AppCall {
  readonly authorization?: string | undefined;
  readonly key?: string;
  readonly timeoutMs?: number;
}

/** A small Nest app behind the platform's gRPC server, with clients of it. */
export class ServedApp {
  readonly failures: { readonly error: unknown; readonly path: string }[] = [];
  readonly clock = new HandClock();
  private readonly channels: RawChannel[] = [];
  private readonly wires: Client[] = [];

  private constructor(
    readonly key: SigningKey,
    private readonly options: {
      address?: string;
      services?: readonly ServiceShape[];
      controllers?: Type[];
      tls?: PeerTls;
    },
  ) {}

  private app!: INestApplication;
  strategy!: GrpcStrategy;

  /** Serves when this resolves; what stops the start is thrown, and nothing is left behind. */
  static async start(options: ServedApp['options'] = {}): Promise<ServedApp> {
    const served = new ServedApp(await SigningKey.make('test'), options);
    await served.serve();
    return served;
  }

  get address(): string {
    return `127.0.0.1:${this.strategy.port}`;
  }

  /** The good token of an operations manager, or of whom `changes` say. */
  token(changes: JWTPayload = {}): Promise<string> {
    return this.key.sign(this.clock, changes);
  }

  channel(security?: ChannelSecurity): RawChannel {
    const channel = new RawChannel(this.address, security);
    this.channels.push(channel);
    return channel;
  }

  /** A client with the good token, unless a call says otherwise. */
  client<D extends ServiceShape>(service: D, channel = this.channel()): ServiceClient<D, AppCall | void> {
    return makeClient(service, { channel: () => channel, prepare: (call: AppCall | void) => this.prepare(call) });
  }

  async prepare(call: AppCall | void): Promise<{ metadata: Record<string, string>; timeoutMs: number }> {
    const authorization = call && 'authorization' in call ? call.authorization : `Bearer ${await this.token()}`;
    return {
      timeoutMs: call?.timeoutMs ?? 10_000,
      metadata: {
        ...(authorization !== undefined && { authorization }),
        ...(call?.key !== undefined && { 'idempotency-key': call.key }),
      },
    };
  }

  /** A client without limits or any reading of refusals. */
  wire(): Client {
    const wire = new Client(this.address, credentials.createInsecure(), {
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': -1,
    });
    this.wires.push(wire);
    return wire;
  }

  async stop(): Promise<void> {
    for (const channel of this.channels) channel.close();
    for (const wire of this.wires) wire.close();
    await this.app.close();
  }

  private async serve(): Promise<void> {
    const { controllers = [DocumentsController, ApiKeysController], address = '127.0.0.1:0' } = this.options;
    this.strategy = new GrpcStrategy({
      address,
      tls: this.options.tls,
      services: this.options.services ?? [DocumentsServiceService, ApiKeysServiceService],
      verifier: new TokenVerifier(AUDIENCE, async () => this.key.jwks, this.clock),
      onError: (error, rpc) => this.failures.push({ error, path: rpc.path }),
    });
    this.app = await NestFactory.create({ module: AppRoot, controllers }, new FastifyAdapter(), {
      logger: false,
      abortOnError: false,
    });
    this.app.useGlobalFilters(new RethrowFilter());
    this.app.connectMicroservice({ strategy: this.strategy }, { inheritAppConfig: true });
    try {
      await this.app.startAllMicroservices();
    } catch (error) {
      await this.app.close();
      throw error;
    }
  }
}

/** What a promise is refused with. */
export async function refusalOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('the call went through');
}
