import { DomainError } from '@paradesk/kernel';
import type { Tx } from '@paradesk/platform';
import { Payment } from './payment.entity.js';

/** @throws DomainError not-found PAYMENT_NOT_FOUND */
export async function findPayment(tx: Tx, id: string): Promise<Payment> {
  const payment = await tx.findOneBy(Payment, { tenantId: tx.tenantId, id });
  if (!payment) throw DomainError.notFound('payment', id);
  return payment;
}

/** Stores what became of a payment: nothing else of it ever changes. */
export async function savePayment(tx: Tx, payment: Payment): Promise<void> {
  const { allocatedMinor, refundedMinor, chargedBackMinor } = payment;
  await tx.update(
    Payment,
    { tenantId: tx.tenantId, id: payment.id },
    { allocatedMinor, refundedMinor, chargedBackMinor },
  );
}

/** The payments of a client that have something left, the oldest money first. */
export function findCredit(tx: Tx, clientId: string, currency: string): Promise<Payment[]> {
  return tx
    .createQueryBuilder(Payment, 'payment')
    .where({ tenantId: tx.tenantId, clientId, currency })
    .andWhere('amount_minor > allocated_minor + refunded_minor + charged_back_minor')
    .orderBy('received_on')
    .addOrderBy('id')
    .getMany();
}

/**
 * Lets one transaction at a time move a client's money, until it ends. Taken before any row of payments and invoices is locked, so that
 * two who move the same money never wait for each other.
 */
export async function lockMoneyOf(tx: Tx, clientId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`money ${tx.tenantId} ${clientId}`]);
}
