import { generateSigningKey } from '@paradesk/identity';
import { generateProviderKey } from '@paradesk/testing/openid-provider';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The services that standalone runs. */
export const SERVICE_NAMES = ['identity', 'assignment', 'billing', 'documents', 'communications'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** What only this installation knows. In production an operator mounts these as secrets. */
export interface Secrets {
  readonly databasePassword: string;
  /** A JSON array of private keys: identity's SIGNING_KEYS. */
  readonly signingKeys: string;
  readonly serviceSecrets: Readonly<Record<ServiceName, string>>;
  /** Of signing in: between gateway and provider, of the gateway's cookies, and the key with which the demo's provider signs. */
  readonly oidc: { readonly clientSecret: string; readonly cookieKey: string; readonly signingKey: string };
}

/** The secrets of a data folder, made at its first start and readable by its owner only. */
export async function openSecrets(folder: string): Promise<Secrets> {
  const path = join(folder, 'secrets.json');
  const known = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Partial<Secrets>) : {};
  // A folder that is older than a secret gets it now.
  if (known.oidc) return known as Secrets;
  const secrets: Secrets = {
    databasePassword: secret(),
    signingKeys: await generateSigningKey(),
    serviceSecrets: Object.fromEntries(SERVICE_NAMES.map((name) => [name, secret()])) as Record<ServiceName, string>,
    oidc: { clientSecret: secret(), cookieKey: secret(), signingKey: await generateProviderKey() },
    ...known,
  };
  writePrivately(path, JSON.stringify(secrets, null, 2));
  return secrets;
}

/** Writes a file whole or not at all, for its owner only. */
export function writePrivately(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

function secret(): string {
  return randomBytes(24).toString('base64url');
}
