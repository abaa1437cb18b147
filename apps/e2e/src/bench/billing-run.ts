import { Child } from './child.js';
import { printTable, rounded } from './figures.js';

/** What a run took, from its start until its invoices were issued. */
export interface BillingRunMeasured {
  readonly invoices: number;
  readonly draftMs: number;
  readonly issueMs: number;
  readonly peakMb: number;
}

const SIZES = [200, 1_000, 5_000];
const REPORTED = 1_000;
const ENTRIES = 50;

/**
 * Billing runs over N matters of 50 approved time entries each, from StartBillingRun until every invoice has its number and its ledger
 * postings, over gRPC; then the same rows by one set-based statement each. A process and a PostgreSQL (durable) of their own for each N.
 */
export async function measure(): Promise<Record<string, number>> {
  const rows: (string | number)[][] = [];
  let reported: Record<string, number> = {};
  for (const size of SIZES) {
    const child = await Child.start<object>('./billing-run-service.js', [String(size)]);
    try {
      // First, since after the run its process makes the files of the invoices.
      const limitMs = await child.ask<number>('limit');
      const { invoices, draftMs, issueMs, peakMb } = await child.ask<BillingRunMeasured>('run');
      const tookMs = draftMs + issueMs;
      const perSecond = (invoices * 1000) / tookMs;
      const times = tookMs / limitMs;
      const parts = [draftMs, issueMs, limitMs].map((ms) => (ms / 1000).toFixed(2));
      rows.push([
        size,
        Math.round(perSecond),
        Math.round(perSecond * ENTRIES),
        ...parts,
        times.toFixed(2),
        Math.round(peakMb),
      ]);
      if (size === REPORTED)
        reported = { invoicesPerSecond: rounded(perSecond), timesTheLimit: rounded(times), peakMb: Math.round(peakMb) };
    } finally {
      await child.stop();
    }
  }
  printTable(
    ['matters', 'invoices/s', 'entries/s', 'draft s', 'issue s', 'limit s', 'times the limit', 'peak MB'],
    rows,
  );
  return reported;
}
