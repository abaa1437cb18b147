import type { EntityManager } from 'typeorm';

/**
 * Of which tenant a session or an invitation is. Read before the tenant is known, so without row-level security: it holds public ids
 * and tenants' ids, and nothing else.
 */
export async function enterInDirectory(
  tx: EntityManager,
  { publicId, tenantId }: { readonly publicId: string; readonly tenantId: string },
): Promise<void> {
  await tx.query('insert into credential_directory (public_id, tenant_id) values ($1, $2)', [publicId, tenantId]);
}

/** @returns id of the tenant; undefined for an id that nobody has */
export async function lookUpInDirectory(tx: EntityManager, publicId: string): Promise<string | undefined> {
  const sql = 'select tenant_id as "tenantId" from credential_directory where public_id = $1';
  const [entry] = await tx.query<{ tenantId: string }[]>(sql, [publicId]);
  return entry?.tenantId;
}
