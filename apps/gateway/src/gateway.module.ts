import fastifyCookie from '@fastify/cookie';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger, type PeerTls } from '@paradesk/platform';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AddressInfo, Socket } from 'node:net';
import { AccessTokensController } from './access-tokens/access-tokens.controller.js';
import { AccessTokensService } from './access-tokens/access-tokens.service.js';
import { ApiKeysService } from './api-keys/api-keys.service.js';
import { Channels } from './channels.js';
import { defaultLimits, LIMITS, type Limits } from './limits.js';
import { operations } from './operations/operation.js';
import { OperationsController } from './operations/operations.controller.js';
import { OperationsService } from './operations/operations.service.js';
import { RouteTable } from './operations/route-table.js';
import { refusedByServer } from './problems/problem.js';
import { ProblemsFilter } from './problems/problems.filter.js';
import { ReferencesController } from './references/references.controller.js';
import { serveReferenceFiles } from './references/reference-files.js';
import { BrowserCookies } from './sign-in/browser-cookies.js';
import { CredentialsService } from './sign-in/credentials.service.js';
import { PendingSignIns } from './sign-in/pending-sign-ins.js';
import { RelyingParty } from './sign-in/relying-party.js';
import { SignInController } from './sign-in/sign-in.controller.js';
import { SignInService } from './sign-in/sign-in.service.js';
import { type SignInOptions, SignInSettings } from './sign-in/sign-in-settings.js';
import { traceRequests } from '@paradesk/platform';

export { type SignInOptions };

/** Where the gateway listens and whom it speaks to. */
export interface GatewayOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** `host:port` of identity, which exchanges API keys. */
  readonly identityAddress: string;
  /** `host:port` of the other services, by name. */
  readonly peers: Readonly<Record<string, string>>;
  /** Secures the connections to services; plain text by default. */
  readonly tls?: PeerTls | undefined;
  readonly logger: Logger;
  /** How long a stopping gateway lets requests end; 10,000 by default. */
  readonly shutdownTimeoutMs?: number;
  /** What one client may cost; `defaultLimits` where nothing is said. */
  readonly limits?: Partial<Limits>;
  /** How people sign in; without it, only API keys do. */
  readonly signIn?: SignInOptions;
  /** Where browsers and programs see the gateway; where it listens by default. */
  readonly publicUrl?: string;
  /** Addresses or networks of proxies whose X-Forwarded-For is believed; none by default. */
  readonly trustedProxies?: readonly string[];
}

/** A gateway that serves. */
export interface RunningGateway {
  /** Base URL, such as http://127.0.0.1:8080. */
  readonly url: string;
  /** Takes nothing new, lets requests end, then cuts off what is left. */
  stop(): Promise<void>;
}

/** REST, its reference and its health: all that is served over HTTP. */
@Module({})
export class GatewayModule {
  static of(channels: Channels, logger: Logger, limits: Limits, signIn: SignInSettings): DynamicModule {
    return {
      module: GatewayModule,
      controllers: [ReferencesController, SignInController, AccessTokensController, OperationsController],
      providers: [
        { provide: Channels, useValue: channels },
        { provide: Logger, useValue: logger },
        { provide: LIMITS, useValue: limits },
        { provide: SignInSettings, useValue: signIn },
        { provide: RouteTable, useValue: new RouteTable(operations()) },
        AccessTokensService,
        ApiKeysService,
        BrowserCookies,
        PendingSignIns,
        RelyingParty,
        SignInService,
        CredentialsService,
        OperationsService,
      ],
    };
  }
}

/** Starts the gateway: it serves when this resolves. @throws Error where the address is taken or a binding cannot be served */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const channels = new Channels({ ...options.peers, identity: options.identityAddress }, options.tls);
  const limits = { ...defaultLimits, ...options.limits };
  const adapter = new FastifyAdapter({ ...serverOptions(limits), trustProxy: [...(options.trustedProxies ?? [])] });
  const server = adapter.getInstance<FastifyInstance>();
  traceRequests(server);
  limitConnections(server, limits, options.logger);
  server.addHook('onSend', (_request, reply, _payload, done) => {
    // Answers may carry files that others wrote: a browser must neither guess their type nor run them.
    if (!reply.hasHeader('content-security-policy'))
      void reply.header('content-security-policy', "default-src 'none'; sandbox; frame-ancestors 'none'");
    void reply.headers({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    done();
  });
  // Bodies are read where it is known what they are.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  let url = '';
  const signIn = new SignInSettings(options.signIn, () => options.publicUrl ?? url);
  const module = GatewayModule.of(channels, options.logger, limits, signIn);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  app.useGlobalFilters(new ProblemsFilter(options.logger));
  await app.register(fastifyCookie);
  await serveReferenceFiles(app);
  await app.listen({ host: options.host, port: options.port }).catch(({ code }: NodeJS.ErrnoException) => {
    throw new Error(
      `REST cannot listen on ${options.host}:${options.port} (${code}): free it, or correct HTTP_ADDRESS`,
    );
  });
  const { port } = server.server.address() as AddressInfo;
  url = `http://${options.host}:${port}`;
  return {
    url,
    stop: () => stop(app, channels, options.shutdownTimeoutMs ?? 10_000),
  };
}

const serverOptions = (limits: Limits) => ({
  // Bodies have limits of their own, by operation.
  bodyLimit: Number.MAX_SAFE_INTEGER,
  requestTimeout: limits.requestTimeoutMs,
  connectionTimeout: limits.silenceTimeoutMs,
  keepAliveTimeout: limits.keepAliveTimeoutMs,
  forceCloseConnections: 'idle' as const,
  http: {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    connectionsCheckingInterval: limits.checkEveryMs,
  },
  routerOptions: { maxParamLength: limits.headerBytes },
  clientErrorHandler,
  frameworkErrors,
});

const SAY_FULL_EVERY_MS = 10_000;

function limitConnections(server: FastifyInstance, limits: Limits, logger: Logger): void {
  server.server.maxConnections = limits.connections;
  let saidAtMs = -Infinity;
  server.server.on('drop', () => {
    if (performance.now() - saidAtMs < SAY_FULL_EVERY_MS) return;
    saidAtMs = performance.now();
    logger.warn({ connections: limits.connections }, 'connections are refused: there are as many as may be at once');
  });
  server.addHook('onResponse', (request, _reply, done) => {
    const { raw } = request;
    // A body that nobody wants is let through, so that the connection can carry another request; but not for ever.
    if (!raw.complete)
      AbortSignal.timeout(limits.lingerTimeoutMs).addEventListener('abort', () => raw.complete || raw.destroy());
    done();
  });
}

/** What Fastify refuses before any hook: a path that is no UTF-8. */
function frameworkErrors(error: { statusCode?: number }, _request: unknown, reply: FastifyReply): void {
  const problem = refusedByServer(error.statusCode ?? 400);
  void reply.status(problem.status).type('application/problem+json; charset=utf-8').send(JSON.stringify(problem));
}

/** What Node refuses before there is a request: its answer has to be written by hand. */
function clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }[error.code ?? ''] ?? 400;
  const problem = refusedByServer(status);
  const body = JSON.stringify(problem);
  const head = `HTTP/1.1 ${status} ${problem.detail}\r\nconnection: close\r\ncontent-type: application/problem+json; charset=utf-8\r\ncontent-length: ${body.length}\r\n\r\n`;
  if (socket.writable) socket.write(head + body);
  socket.destroySoon();
}

async function stop(app: NestFastifyApplication, channels: Channels, timeoutMs: number): Promise<void> {
  const late = AbortSignal.timeout(timeoutMs);
  const cutOff = (): void => void app.getHttpServer().closeAllConnections();
  late.addEventListener('abort', cutOff);
  await app.close().finally(() => late.removeEventListener('abort', cutOff));
  channels.close();
}
