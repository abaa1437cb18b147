import { describe, expect, it } from '@jest/globals';
import { DEFAULT_TIME_ROUNDING, DomainError, Money, newId } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { Agreement, inForceOn, type AgreedRate } from './agreement.entity.js';
import { PLAIN_TERMS } from './billing-terms.js';

const [tenantId, matterId, person, other] = [newId(1), newId(1), newId(1), newId(1)];

describe('an agreement', () => {
  it.each([
    [
      'a timekeeper twice',
      [aRate(person, 100n), aRate(other, 100n), aRate(person, 200n)],
      'RATE_TWICE',
      'rates[2].personId',
    ],
    ['another currency', [aRate(person, 100n, 'EUR')], 'CURRENCY_MISMATCH', 'rates[0].hourlyRate.currencyCode'],
    ['a rate below zero', [aRate(other, 1n), aRate(person, -1n)], 'RATE_NEGATIVE', 'rates[1].hourlyRate'],
    ['a rate of eleven digits', [aRate(person, 10n ** 12n)], 'OUT_OF_RANGE', 'rates[0].hourlyRate'],
  ])('refuses %s, naming the rate', (_name, rates, reason, field) => {
    const refusal = refusalOf(() => anAgreement('2026-01-01', rates));
    expect(refusal.reason).toBe(reason);
    expect(refusal.violations[0]?.field).toBe(field);
  });

  it('prices an hour of the timekeepers it names, and of nobody else', () => {
    const agreement = anAgreement('2026-01-01', [aRate(person, 12_550n)]);
    const onMatter = agreement.onMatter({ id: matterId, practiceArea: '' }, []);
    const work = { taskCode: '', day: Temporal.PlainDate.from('2026-01-01') };
    expect(onMatter.rateOf({ id: person, timekeeperClassification: 'PARALG' }, work).rate?.hourlyRateE4).toBe(
      1_255_000n,
    );
    expect(onMatter.rateOf({ id: other, timekeeperClassification: 'PARALG' }, work).rate).toBeUndefined();
  });
});

describe('of the agreements of a matter', () => {
  const agreements = ['2026-03-01', '2026-01-01', '2026-02-01'].map((validFrom) => anAgreement(validFrom, []));

  it.each([
    ['before the first', '2025-12-31', undefined],
    ['on the first day of the first', '2026-01-01', '2026-01-01'],
    ['on the last day of the first', '2026-01-31', '2026-01-01'],
    ['on the first day of the second', '2026-02-01', '2026-02-01'],
    ['long after the last', '2030-01-01', '2026-03-01'],
  ])('the one that is valid %s is found', (_name, day, validFrom) => {
    const found = inForceOn(agreements, matterId, Temporal.PlainDate.from(day));
    expect(found?.validFrom.toString()).toBe(validFrom);
  });

  it('none is valid for another matter', () => {
    expect(inForceOn(agreements, newId(1), Temporal.PlainDate.from('2026-02-01'))).toBeUndefined();
  });
});

function anAgreement(validFrom: string, rates: readonly AgreedRate[]): Agreement {
  return Agreement.create(
    tenantId,
    newId(1),
    { id: matterId, clientId: newId(1) },
    {
      currency: 'USD',
      validFrom: Temporal.PlainDate.from(validFrom),
      paymentTermsDays: 30,
      timeRounding: DEFAULT_TIME_ROUNDING,
      rates,
      billing: PLAIN_TERMS,
    },
  );
}

function aRate(personId: string, minor: bigint, currency = 'USD'): AgreedRate {
  return { personId, hourlyRate: Money.of(minor, currency) };
}

function refusalOf(work: () => unknown): DomainError {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('was not refused');
}
