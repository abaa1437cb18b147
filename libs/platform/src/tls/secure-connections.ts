import { ConfigError } from '../config.js';
import type { KafkaTls } from '../messaging/kafka-client.js';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]', '::1']);

/**
 * Refuses a connection to a database elsewhere that anybody on the way could read or answer: `sslmode=verify-full` alone checks both the CA and
 * the name. The CA is named by `sslrootcert=<path>`.
 *
 * @throws ConfigError
 */
export function requireSecureDatabase(url: string): void {
  const { hostname, searchParams } = new URL(url);
  if (LOOPBACK.has(hostname) || searchParams.get('sslmode') === 'verify-full') return;
  throw new ConfigError([
    'DATABASE_URL: takes a URL with sslmode=verify-full and sslrootcert=<path> where TLS_CERT_FILE is set',
  ]);
}

/** Settings of the connections to Kafka. */
export interface KafkaSettings {
  readonly KAFKA_BROKERS: readonly string[];
  readonly KAFKA_TLS_CA_FILE?: string | undefined;
  readonly KAFKA_TLS_CERT_FILE?: string | undefined;
  readonly KAFKA_TLS_KEY_FILE?: string | undefined;
  readonly TLS_CERT_FILE?: string | undefined;
}

/**
 * How Kafka is reached; undefined where it is in plain text, which a service with TLS does on loopback addresses only.
 *
 * @throws ConfigError with every setting that is missing: half of them would be no TLS, or no certificate where one was meant
 */
export function kafkaTls(config: KafkaSettings): KafkaTls | undefined {
  const { KAFKA_TLS_CA_FILE: authority, KAFKA_TLS_CERT_FILE: certificate, KAFKA_TLS_KEY_FILE: key } = config;
  const problems: string[] = [];
  const missing = (name: string, beside: string) =>
    problems.push(`${name}: is not set, it takes a path where ${beside} is set`);
  if (certificate !== undefined && key === undefined) missing('KAFKA_TLS_KEY_FILE', 'KAFKA_TLS_CERT_FILE');
  if (key !== undefined && certificate === undefined) missing('KAFKA_TLS_CERT_FILE', 'KAFKA_TLS_KEY_FILE');
  if (authority === undefined) {
    const isElsewhere = config.KAFKA_BROKERS.some((broker) => !LOOPBACK.has(broker.slice(0, broker.lastIndexOf(':'))));
    if (certificate !== undefined || key !== undefined) missing('KAFKA_TLS_CA_FILE', 'KAFKA_TLS_CERT_FILE');
    else if (config.TLS_CERT_FILE !== undefined && isElsewhere) missing('KAFKA_TLS_CA_FILE', 'TLS_CERT_FILE');
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return authority === undefined ? undefined : { authority, certificate, key };
}
