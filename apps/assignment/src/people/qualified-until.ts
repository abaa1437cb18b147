import { Temporal } from 'temporal-polyfill';

/** A qualification that was not revoked, as identity tells of it. Dates in ISO 8601. */
export interface HeldQualification {
  /** Name in the contracts: CERTIFICATE and ADMISSION qualify, CONTINUING_EDUCATION keeps qualified. */
  readonly kind: string;
  readonly jurisdiction: string;
  readonly validFrom: string;
  /** Last day; null where it does not end. */
  readonly validUntil: string | null;
}

const NEVER = Temporal.PlainDate.from('9999-12-31');

/**
 * The last day on which somebody is qualified in a jurisdiction, by what counts today; undefined for who never was. A certificate or an
 * admission qualifies, the one that ends last. Who has continuing education on record there must be up to date with it too (Cal. Bus. &
 * Prof. Code 6450(d)), and education alone qualifies nobody. Jurisdictions are compared whatever their case.
 */
export function qualifiedUntil(
  held: readonly HeldQualification[],
  jurisdiction: string,
  today: Temporal.PlainDate,
): Temporal.PlainDate | undefined {
  const there = held.filter(
    (one) =>
      normal(one.jurisdiction) === normal(jurisdiction) &&
      Temporal.PlainDate.compare(Temporal.PlainDate.from(one.validFrom), today) <= 0,
  );
  const qualifies = latestEnd(there.filter(({ kind }) => kind === 'CERTIFICATE' || kind === 'ADMISSION'));
  const educated = latestEnd(there.filter(({ kind }) => kind === 'CONTINUING_EDUCATION'));
  if (!qualifies || !educated) return qualifies;
  return Temporal.PlainDate.compare(qualifies, educated) < 0 ? qualifies : educated;
}

function latestEnd(held: readonly HeldQualification[]): Temporal.PlainDate | undefined {
  return held
    .map(({ validUntil }) => (validUntil === null ? NEVER : Temporal.PlainDate.from(validUntil)))
    .toSorted(Temporal.PlainDate.compare)
    .at(-1);
}

function normal(jurisdiction: string): string {
  return jurisdiction.trim().replaceAll(/\s+/g, ' ').toLowerCase();
}
