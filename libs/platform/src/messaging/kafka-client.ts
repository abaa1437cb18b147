import { readFileSync } from 'node:fs';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import kafkajs, { type Admin, type ISocketFactory, type Kafka, type LogEntry } from 'kafkajs';
import type { Logger } from '../telemetry/logger.js';
import { cureIdleTimers } from './kafkajs-timers.js';

/** Whom to connect to, and as whom. */
export interface KafkaAddress {
  /** `host:port` of one or more brokers. */
  readonly brokers: readonly string[];
  /** Shown in the brokers' logs and quotas. */
  readonly clientId: string;
  /** Paths of PEM files; plain text by default. */
  readonly tls?: KafkaTls | undefined;
}

/** How connections to Kafka are secured. The files are read for each connection, so new ones hold from the next connection on. */
export interface KafkaTls {
  /** The CA of the brokers' certificates, which have the brokers' names. */
  readonly authority: string;
  /** The certificate and key by which the brokers know this service, where they ask for one. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

type KafkaLogger = Pick<Logger, 'debug'>;

const CONNECTION_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_MS = 10_000;
const MOST_RETRIES = 40;

/**
 * kafkajs with its traps closed, for one producer, one consumer or one admin: clients of one kafkajs object share the offsets of a
 * group, which two consumers must not.
 *
 * Nothing else in the project imports kafkajs, beside what is built on this in the files next to it.
 */
export class KafkaClient {
  readonly kafka: Kafka;
  private readonly sockets = new Set<Socket>();
  private released = false;
  private readonly tls: KafkaTls | undefined;

  /** @param retries how often kafkajs repeats what failed, 0.1 to 1 s apart */
  constructor({ brokers, clientId, tls }: KafkaAddress, logger: KafkaLogger, retries = MOST_RETRIES) {
    this.tls = tls;
    cureIdleTimers();
    this.kafka = new kafkajs.Kafka({
      brokers: [...brokers],
      clientId,
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // Given here and not to the producer: only then it holds for the connections too.
      retry: { retries, initialRetryTime: 100, maxRetryTime: 1_000 },
      socketFactory: this.openSocket,
      logCreator: () => (entry) => log(logger, entry),
    });
  }

  /** Ends what kafkajs has left open, and lets it open nothing any more: its retries go on after a `disconnect`. */
  release(): void {
    this.released = true;
    for (const socket of this.sockets) socket.destroy(new Error('the client is closed'));
  }

  private readonly openSocket: ISocketFactory = ({ host, port, onConnect }) => {
    if (this.released) throw new Error('the client is closed');
    const to = { host, port, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, noDelay: true };
    const socket = this.tls
      ? connectSecurely({ ...to, ...secured(this.tls, host) }, onConnect)
      : connect(to, onConnect);
    this.sockets.add(socket);
    return socket.once('close', () => this.sockets.delete(socket));
  };
}

function secured({ authority, certificate, key }: KafkaTls, host: string) {
  return {
    ca: readFileSync(authority),
    ...(certificate !== undefined && key !== undefined && { cert: readFileSync(certificate), key: readFileSync(key) }),
    // A name is told to the broker; an address has none, and is compared with the addresses of the certificate.
    ...(isIP(host) === 0 && { servername: host }),
  };
}

/**
 * Asks or tells the brokers something, on connections of its own that end with `work`.
 *
 * @throws Error in one line when no broker answers within some seconds
 */
export async function withAdmin<T>(
  address: KafkaAddress,
  logger: KafkaLogger,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const client = new KafkaClient(address, logger, 5);
  const admin = client.kafka.admin();
  try {
    await admin.connect().catch((cause: unknown) => {
      throw new Error(`no Kafka broker answers at ${address.brokers.join(', ')}: start it, or correct KAFKA_BROKERS`, {
        cause,
      });
    });
    return await work(admin);
  } finally {
    await admin.disconnect().catch(() => undefined);
    client.release();
  }
}

// What kafkajs calls an error is mostly an attempt that it repeats; what it gives up on reaches us as an event or a rejection.
function log(logger: KafkaLogger, { namespace, label, log: { message, broker, groupId } }: LogEntry): void {
  logger.debug({ kafkajs: namespace, severity: label, broker, groupId }, message);
}
