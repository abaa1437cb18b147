import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from '@paradesk/platform';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AddressInfo, Socket } from 'node:net';
import { ApiKeysService } from './api-keys/api-keys.service.js';
import { Channels } from './channels.js';
import { operations } from './operations/operation.js';
import { OperationsController } from './operations/operations.controller.js';
import { OperationsService, STREAM_TIMEOUT_MS } from './operations/operations.service.js';
import { RouteTable } from './operations/route-table.js';
import { refusedByServer } from './problems/problem.js';
import { ProblemsFilter } from './problems/problems.filter.js';
import { ReferencesController } from './references/references.controller.js';
import { serveReferenceFiles } from './references/reference-files.js';
import { traceRequests } from '@paradesk/platform';

/** Where the gateway listens and whom it speaks to. */
export interface GatewayOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** `host:port` of identity, which exchanges API keys. */
  readonly identityAddress: string;
  /** `host:port` of the other services, by name. */
  readonly peers: Readonly<Record<string, string>>;
  readonly logger: Logger;
  /** How long a stopping gateway lets requests end; 10,000 by default. */
  readonly shutdownTimeoutMs?: number;
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
  static of(channels: Channels, logger: Logger): DynamicModule {
    return {
      module: GatewayModule,
      controllers: [ReferencesController, OperationsController],
      providers: [
        { provide: Channels, useValue: channels },
        { provide: Logger, useValue: logger },
        { provide: RouteTable, useValue: new RouteTable(operations()) },
        ApiKeysService,
        OperationsService,
      ],
    };
  }
}

/** Starts the gateway: it serves when this resolves. @throws Error where the address is taken or a binding cannot be served */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const channels = new Channels({ ...options.peers, identity: options.identityAddress });
  const adapter = new FastifyAdapter(serverOptions);
  const server = adapter.getInstance<FastifyInstance>();
  traceRequests(server);
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
  const module = GatewayModule.of(channels, options.logger);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  app.useGlobalFilters(new ProblemsFilter(options.logger));
  await serveReferenceFiles(app);
  await app.listen({ host: options.host, port: options.port });
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}`,
    stop: () => stop(app, channels, options.shutdownTimeoutMs ?? 10_000),
  };
}

const serverOptions = {
  // Bodies have limits of their own, by operation.
  bodyLimit: Number.MAX_SAFE_INTEGER,
  requestTimeout: STREAM_TIMEOUT_MS,
  connectionTimeout: 60_000,
  keepAliveTimeout: 65_000,
  forceCloseConnections: 'idle' as const,
  http: { headersTimeout: 10_000, connectionsCheckingInterval: 5_000 },
  routerOptions: { maxParamLength: 16_384 },
  clientErrorHandler,
  frameworkErrors,
};

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
