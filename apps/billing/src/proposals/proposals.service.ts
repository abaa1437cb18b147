import { Injectable } from '@nestjs/common';
import type { Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { AgreementsService } from '../agreements/agreements.service.js';
import type { BilledFees, BillingAgreement } from './proposal.js';

/** What proposals for a matter go by: its agreements, and what is billed already. */
export interface BillingBasis {
  readonly agreements: readonly BillingAgreement[];
  readonly billed: readonly BilledFees[];
}

/** Reads what the pure proposal needs. */
@Injectable()
export class ProposalsService {
  constructor(private readonly agreements: AgreementsService) {}

  /** By matter. In the transaction that has locked the work: what others billed until then is counted. */
  async basisOf(
    tx: Tx,
    items: readonly { readonly matterId: string }[],
    period: { readonly from: Temporal.PlainDate; readonly to: Temporal.PlainDate },
  ): Promise<ReadonlyMap<string, BillingBasis>> {
    const matterIds = [...new Set(items.map(({ matterId }) => matterId))];
    const agreements = await this.agreements.termsOfMatters(tx, matterIds);
    const counting = agreements.filter(countsWhatIsBilled);
    const billed = await billedFees(tx, counting, period);
    const byMatter = Map.groupBy(agreements, ({ matterId }) => matterId);
    const billedByMatter = Map.groupBy(billed, ({ matterId }) => matterId);
    return new Map(
      matterIds.map((id) => [id, { agreements: byMatter.get(id) ?? [], billed: billedByMatter.get(id) ?? [] }]),
    );
  }
}

/** A cap, a minimum or included hours are about all invoices together. */
function countsWhatIsBilled({ terms: { cap, minimumFeeMinor, subscription } }: BillingAgreement): boolean {
  return cap !== undefined || minimumFeeMinor > 0n || subscription !== undefined;
}

async function billedFees(
  tx: Tx,
  agreements: readonly BillingAgreement[],
  { from, to }: { readonly from: Temporal.PlainDate; readonly to: Temporal.PlainDate },
): Promise<BilledFees[]> {
  if (agreements.length === 0) return [];
  // Of two drafts at once the second counts what the first one bills.
  const ids = [...new Set(agreements.map(({ id }) => id))];
  await tx.query('select from agreements where tenant_id = $1 and id = any($2::uuid[]) order by id for update', [
    tx.tenantId,
    ids,
  ]);
  const rows: Record<'matter_id' | 'month' | 'fees' | 'net' | 'included_hours', string>[] = await tx.query(
    `select matter_id, to_char(date, 'YYYY-MM') as month,
       coalesce(sum(amount_minor) filter (where kind <> 'fee_discount'), 0)::text as fees,
       coalesce(sum(amount_minor) filter (where date between $3 and $4), 0)::text as net,
       (sum(included_hours) * 10000)::bigint::text as included_hours
     from invoice_lines
     where tenant_id = $1 and matter_id = any($2::uuid[]) and live
       and kind not in ('expense', 'expense_adjustment', 'expense_discount')
     group by matter_id, month`,
    [tx.tenantId, [...new Set(agreements.map(({ matterId }) => matterId))], from.toString(), to.toString()],
  );
  return rows.map((row) => ({
    matterId: row.matter_id,
    month: row.month,
    feesMinor: BigInt(row.fees),
    netInPeriodMinor: BigInt(row.net),
    includedHoursE4: BigInt(row.included_hours),
  }));
}
