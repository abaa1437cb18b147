import { DomainError } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import type { ValueTransformer } from 'typeorm';

/** What a qualification is recorded with. */
export interface NewQualification {
  readonly kind: 'CERTIFICATE' | 'ADMISSION' | 'CONTINUING_EDUCATION';
  /** The court or state where it qualifies, as matters write it. */
  readonly jurisdiction: string;
  readonly issuer: string;
  readonly number: string;
  /** First and last day it counts; null where it does not end. */
  readonly validFrom: Temporal.PlainDate;
  readonly validUntil: Temporal.PlainDate | null;
}

/**
 * What qualifies a paralegal for substantive work in one jurisdiction (certificate, admission), or keeps them qualified (continuing
 * education, which is due again and again: Cal. Bus. & Prof. Code 6450(d)). Part of the person, kept for ever: revoked, it counts no more.
 */
export interface Qualification extends NewQualification {
  readonly id: string;
  readonly recordedAt: Temporal.Instant;
  readonly revokedAt: Temporal.Instant | null;
  /** Of which of the `EXPIRY_STEPS` its end was told. */
  readonly toldDays: readonly number[];
}

/** How many days before its end a qualification is told of, each once. */
export const EXPIRY_STEPS = [60, 30, 7] as const;

/** @throws DomainError invalid ENDS_BEFORE_IT_BEGINS, EDUCATION_ENDS */
export function requirePeriod({ kind, validFrom, validUntil }: NewQualification): void {
  if (validUntil && Temporal.PlainDate.compare(validUntil, validFrom) < 0) {
    throw DomainError.invalid('validUntil', 'ENDS_BEFORE_IT_BEGINS', 'the last day is before the first one');
  }
  if (!validUntil && kind === 'CONTINUING_EDUCATION') {
    throw DomainError.invalid('validUntil', 'EDUCATION_ENDS', 'continuing education counts up to a last day');
  }
}

/** Whether another qualification goes on where this one ends: of the same kind and jurisdiction, not revoked, and with a later end. */
export function isReplaced(qualification: Qualification, all: readonly Qualification[]): boolean {
  return all.some(
    (other) =>
      !other.revokedAt &&
      other.kind === qualification.kind &&
      other.jurisdiction.toLowerCase() === qualification.jurisdiction.toLowerCase() &&
      endsLater(other.validUntil, qualification.validUntil),
  );
}

function endsLater(end: Temporal.PlainDate | null, than: Temporal.PlainDate | null): boolean {
  return than !== null && (end === null || Temporal.PlainDate.compare(end, than) > 0);
}

/**
 * When to tell that a qualification ends: the days of the steps still to come, and of those gone by already only the last, at once. None for
 * what has ended or does not end.
 */
export function tellingDays(
  { validUntil }: Pick<NewQualification, 'validUntil'>,
  today: Temporal.PlainDate,
): readonly { readonly days: number; readonly on: Temporal.PlainDate }[] {
  if (!validUntil || Temporal.PlainDate.compare(validUntil, today) < 0) return [];
  const steps = EXPIRY_STEPS.map((days) => ({ days, on: validUntil.subtract({ days }) }));
  const toCome = steps.filter(({ on }) => Temporal.PlainDate.compare(on, today) > 0);
  const due = steps.filter((step) => !toCome.includes(step)).at(-1);
  return due ? [{ ...due, on: today }, ...toCome] : toCome;
}

type Stored = { [K in keyof Qualification]: Qualification[K] extends readonly number[] ? number[] : string | null };

/** `jsonb` <-> qualifications, with dates in ISO 8601. */
export const qualificationList: ValueTransformer = {
  to: (list: readonly Qualification[] | undefined) => list && (JSON.parse(JSON.stringify(list)) as Stored[]),
  from: (stored: (Stored & { id: string; recordedAt: string; validFrom: string })[] | null) =>
    stored?.map((one) => ({
      ...one,
      validFrom: Temporal.PlainDate.from(one.validFrom),
      validUntil: one.validUntil === null ? null : Temporal.PlainDate.from(one.validUntil),
      recordedAt: Temporal.Instant.from(one.recordedAt),
      revokedAt: one.revokedAt === null ? null : Temporal.Instant.from(one.revokedAt),
    })),
};
