import { DomainError } from '@paradesk/kernel';
import { type Tx, violatedConstraint } from '@paradesk/platform';
import type { EntityManager } from 'typeorm';
import type { Subject } from './id-tokens.js';

/** A person of a tenant as which an account at the provider signs in. */
export interface SignIn {
  readonly tenantId: string;
  readonly personId: string;
}

/** As whom an account signs in: freelancers are people of several tenants. */
export async function signInsOf(tx: EntityManager, { issuer, subject }: Subject): Promise<SignIn[]> {
  const sql = `select tenant_id as "tenantId", person_id as "personId" from sign_ins
    where issuer = $1 and subject = $2 order by tenant_id`;
  return tx.query<SignIn[]>(sql, [issuer, subject]);
}

/**
 * From now on the account signs in as the person, and no account before does.
 *
 * @throws DomainError conflict ACCOUNT_IN_USE where it is another person's of the tenant
 */
export async function bindSignIn(tx: Tx, personId: string, { issuer, subject }: Subject): Promise<void> {
  const sql = `insert into sign_ins (issuer, subject, tenant_id, person_id) values ($1, $2, $3, $4)
    on conflict (tenant_id, person_id) do update set issuer = excluded.issuer, subject = excluded.subject`;
  await tx.query(sql, [issuer, subject, tx.tenantId, personId]).catch((error: unknown) => {
    if (violatedConstraint(error) !== 'sign_ins_subject') throw error;
    throw DomainError.conflict('ACCOUNT_IN_USE', 'this account signs in as another person of the tenant already');
  });
}
