import { generateSigningKey } from '@paradesk/identity';
import { addMasterKey } from '@paradesk/platform';
import { generateProviderKey } from '@paradesk/testing/openid-provider';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The services that standalone runs. */
export const SERVICE_NAMES = ['identity', 'assignment', 'billing', 'documents', 'communications'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** What only this installation knows. In production an operator mounts these as secrets. */
export interface Secrets {
  readonly databasePassword: string;
  /** Services' ENCRYPTION_KEYS: a file beside the other secrets. */
  readonly encryptionKeys: string;
  /** A JSON array of private keys: identity's SIGNING_KEYS. */
  readonly signingKeys: string;
  readonly serviceSecrets: Readonly<Record<ServiceName, string>>;
  /** Of signing in: between gateway and provider, of the gateway's cookies, and the key with which the demo's provider signs. */
  readonly oidc: { readonly clientSecret: string; readonly cookieKey: string; readonly signingKey: string };
}

/** The secrets of a data folder, made at its first start and readable by its owner only. */
export async function openSecrets(folder: string): Promise<Secrets> {
  const keys = join(folder, 'encryption-keys.json');
  if (!existsSync(keys)) addMasterKey(keys);
  const path = join(folder, 'secrets.json');
  const known = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Partial<StoredSecrets>) : {};
  // The folder may move, so it is not written down where the keys are.
  const encryptionKeys = `file:${resolve(keys)}`;
  // A folder that is older than a secret gets it now.
  if (known.oidc) return { ...(known as StoredSecrets), encryptionKeys };
  const secrets: StoredSecrets = {
    databasePassword: secret(),
    signingKeys: await generateSigningKey(),
    serviceSecrets: Object.fromEntries(SERVICE_NAMES.map((name) => [name, secret()])) as Record<ServiceName, string>,
    oidc: { clientSecret: secret(), cookieKey: secret(), signingKey: await generateProviderKey() },
    ...known,
  };
  writePrivately(path, JSON.stringify(secrets, null, 2));
  return { ...secrets, encryptionKeys };
}

type StoredSecrets = Omit<Secrets, 'encryptionKeys'>;

/** Writes a file whole or not at all, for its owner only. */
export function writePrivately(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

function secret(): string {
  return randomBytes(24).toString('base64url');
}
