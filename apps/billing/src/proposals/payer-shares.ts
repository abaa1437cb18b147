import { Money, roundHalfUp } from '@paradesk/kernel';
import { HUNDRED_PERCENT } from '../agreements/billing-terms.js';
import { sideOf } from '../invoices/invoice-totals.js';
import type { Charge } from './charges.js';
import type { ProposalInput, ProposedLine } from './proposal.js';

/** The lines that one payer pays. */
export interface PayerShare {
  readonly payerId: string;
  sharePercentE4: bigint | undefined;
  readonly lines: ProposedLine[];
}

/** Splits each line among its payers, the remainder on the last, and taxes what each pays: a tax is that of the printed line. */
export function sharesOf(charges: readonly Charge[], { clientId, currency }: ProposalInput): PayerShare[] {
  const shares = new Map<string, PayerShare>();
  const put = (payerId: string, percentE4: bigint | undefined, line: ProposedLine) => {
    const share = shares.get(payerId);
    if (!share) shares.set(payerId, { payerId, sharePercentE4: percentE4, lines: [line] });
    else {
      share.lines.push(line);
      if (share.sharePercentE4 !== percentE4) share.sharePercentE4 = undefined;
    }
  };
  for (const charge of charges) {
    const payers = charge.agreement?.terms.payers ?? [];
    if (payers.length === 0) {
      put(clientId, undefined, shareOf(charge, charge.amountMinor, 1));
      continue;
    }
    const parts = Money.of(charge.amountMinor, currency).allocate(
      payers.map(({ percentE4 }) => percentE4),
      { remainderTo: 'last' },
    );
    payers.forEach((payer, index) => {
      put(payer.clientId, payer.percentE4, shareOf(charge, parts[index]!.amountMinor, index + 1));
    });
  }
  return [...shares.values()];
}

function shareOf({ agreement, ...charge }: Charge, amountMinor: bigint, shareNo: number): ProposedLine {
  const tax = agreement?.terms.taxes.find(({ on }) => on.includes(sideOf(charge.kind)));
  // Units and price stay those of the work, so that the line says what it is a share of.
  const adjustmentMinor =
    charge.unitsE4 === null ? charge.adjustmentMinor : charge.adjustmentMinor - (charge.amountMinor - amountMinor);
  return {
    ...charge,
    amountMinor,
    adjustmentMinor,
    includedHoursE4: shareNo === 1 ? charge.includedHoursE4 : 0n,
    shareNo,
    taxName: tax?.name ?? '',
    taxPercentE4: tax?.percentE4 ?? 0n,
    taxMinor: tax ? roundHalfUp(amountMinor * tax.percentE4, HUNDRED_PERCENT) : 0n,
  };
}
