import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import pg from 'pg';
import { TOKEN_ALGORITHM } from '../auth/tokens.js';
import type { SignedHead } from './verify-trail.js';

/**
 * What identity signed.
 *
 * @param keys identity's public keys, with those that signed formerly
 * @returns undefined where the signature is not of one of the keys, or what is signed is no head
 */
export async function readSignedHead(jws: string, keys: JSONWebKeySet): Promise<SignedHead | undefined> {
  try {
    const { payload, protectedHeader } = await compactVerify(jws, createLocalJWKSet(keys), {
      algorithms: [TOKEN_ALGORITHM],
    });
    if (protectedHeader.typ !== 'paradesk-audit-head') return undefined;
    const head = JSON.parse(new TextDecoder().decode(payload)) as Record<
      'tenant' | 'service' | 'sequence' | 'hash' | 'at',
      string
    >;
    return {
      tenantId: head.tenant,
      service: head.service,
      sequence: BigInt(head.sequence),
      hash: head.hash,
      at: head.at,
    };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The signed heads that identity keeps. @param databaseUrl identity's database, as a role that sees all tenants */
export async function keptHeads(databaseUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('set row_security = off');
    const { rows } = await client.query<{ jws: string }>('select jws from audit_heads order by tenant_id, id');
    return rows.map(({ jws }) => jws);
  } finally {
    await client.end();
  }
}
