import { publicKeysOf } from '@paradesk/identity';
import { startEmbeddedPostgres } from '@paradesk/platform/embedded-postgres';
import type { JSONWebKeySet } from 'jose';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findRunning } from '../demo/system-for-demo.js';
import { openSecrets, SERVICE_NAMES } from '../secrets.js';
import type { SystemToVerify } from './verify-system.js';

/** A system to verify, and what to do afterwards. */
export interface OpenedSystem extends SystemToVerify {
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The databases that DATABASE_URL_<SERVICE> name, or the system that keeps its data in PARADESK_DATA, running or not.
 *
 * @throws Error in one line where a setting is missing or there is no such system
 */
export async function openSystem(env: Environment): Promise<OpenedSystem> {
  return SERVICE_NAMES.some((name) => env[settingOf(name)])
    ? systemOfSettings(env)
    : systemIn(env.PARADESK_DATA ?? '.data/standalone');
}

const SETTINGS =
  'DATABASE_URL_<SERVICE> takes the URL of a database as a role that sees all tenants, AUDIT_KEYS a file with the JSON Web Key Set of ' +
  'all keys that identity ever signed with, AUDIT_HEADS a folder with what identity put into audit-heads/ of its storage';

function systemOfSettings(env: Environment): OpenedSystem {
  const missing = [...SERVICE_NAMES.map(settingOf), 'AUDIT_KEYS', 'AUDIT_HEADS'].filter((name) => !env[name]);
  if (missing.length > 0) throw new Error(`${missing.join(', ')} not set; ${SETTINGS}`);
  return {
    databases: Object.fromEntries(SERVICE_NAMES.map((name) => [name, env[settingOf(name)] ?? ''])),
    keys: JSON.parse(readFileSync(env.AUDIT_KEYS ?? '', 'utf8')) as JSONWebKeySet,
    publishedHeads: env.AUDIT_HEADS ?? '',
    close: async () => undefined,
  };
}

async function systemIn(folder: string): Promise<OpenedSystem> {
  if (!existsSync(join(folder, 'secrets.json')))
    throw new Error(`there is no system in ${folder}: set PARADESK_DATA, or start one with npm start`);
  const running = await findRunning(folder);
  const server = running
    ? { url: running.file.database, stop: async () => undefined }
    : await startEmbeddedPostgres({ folder: join(folder, 'postgres'), durable: true });
  const { signingKeys } = await openSecrets(folder);
  return {
    databases: Object.fromEntries(SERVICE_NAMES.map((name) => [name, databaseOf(server.url, name)])),
    keys: publicKeysOf(signingKeys),
    publishedHeads: join(folder, 'files', 'audit-heads'),
    close: () => server.stop(),
  };
}

function settingOf(service: string): string {
  return `DATABASE_URL_${service.toUpperCase()}`;
}

function databaseOf(serverUrl: string, service: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/paradesk_${service}`;
  return url.href;
}
