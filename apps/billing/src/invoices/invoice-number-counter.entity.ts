import type { Tx } from '@paradesk/platform';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * The last invoice number of a tenant in a year of the tenant's time zone.
 *
 * Numbers are gapless: one is taken under the lock of this row and in the transaction of the issue, so that an issue that is
 * rolled back takes none. A sequence would leave gaps.
 */
@Entity('invoice_number_counters')
export class InvoiceNumberCounter {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('integer') readonly year!: number;
  /** 0 would be a year without an invoice, which has no row. */
  @Column('integer') readonly last!: number;
}

/** The next numbers of the year, `INV-2026-00001` and so on. Whoever else wants one waits until this transaction ends. */
export async function takeInvoiceNumbers(tx: Tx, year: number, count: number): Promise<string[]> {
  const [taken]: { last: number }[] = await tx.query(
    `insert into invoice_number_counters as counter (tenant_id, year, last) values ($1, $2, $3)
     on conflict (tenant_id, year) do update set last = counter.last + $3 returning last`,
    [tx.tenantId, year, count],
  );
  if (!taken) throw new Error('a counter gave no number');
  return Array.from({ length: count }, (_, index) => {
    const number = taken.last - count + 1 + index;
    return `INV-${year}-${number.toString().padStart(5, '0')}`;
  });
}
