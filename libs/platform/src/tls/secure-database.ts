import { ConfigError } from '../config.js';

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
