import { describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { isReplaced, type Qualification, qualificationList, requirePeriod, tellingDays } from './qualification.js';

const day = (iso: string) => Temporal.PlainDate.from(iso);
const TODAY = day('2026-03-02');

const aQualification = (changes: Partial<Qualification> = {}): Qualification => ({
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  kind: 'CONTINUING_EDUCATION',
  jurisdiction: 'US-CA',
  issuer: 'Paralegal Institute',
  number: '',
  validFrom: day('2025-01-01'),
  validUntil: day('2026-12-31'),
  recordedAt: Temporal.Instant.from('2025-01-02T10:00:00Z'),
  revokedAt: null,
  toldDays: [],
  ...changes,
});

describe('the period of a qualification', () => {
  it.each<[string, Partial<Qualification>, string | undefined]>([
    ['may be a single day', { validUntil: day('2025-01-01') }, undefined],
    ['does not end before it begins', { validUntil: day('2024-12-31') }, 'ENDS_BEFORE_IT_BEGINS'],
    ['of a certificate may not end', { kind: 'CERTIFICATE', validUntil: null }, undefined],
    ['of continuing education ends', { validUntil: null }, 'EDUCATION_ENDS'],
  ])('%s', (_name, changes, reason) => {
    const check = () => requirePeriod(aQualification(changes));
    if (reason) expect(check).toThrow(expect.objectContaining({ kind: 'invalid', reason }));
    else expect(check).not.toThrow();
  });
});

describe('a qualification is replaced by one', () => {
  it.each<[string, Partial<Qualification>, boolean]>([
    ['that ends later', { validUntil: day('2028-12-31') }, true],
    ['that does not end', { validUntil: null }, true],
    ['for the same jurisdiction in another case', { validUntil: null, jurisdiction: 'us-ca' }, true],
    ['but not one that ends on the same day', {}, false],
    ['but not one that was revoked', { validUntil: null, revokedAt: Temporal.Instant.fromEpochMilliseconds(0) }, false],
    ['but not one of another kind', { validUntil: null, kind: 'ADMISSION' }, false],
    ['but not one for another jurisdiction', { validUntil: null, jurisdiction: 'US-NY' }, false],
  ])('%s', (_name, changes, expected) => {
    const old = aQualification();
    const other = aQualification({ id: 'other', ...changes });
    expect(isReplaced(old, [old, other])).toBe(expected);
    expect(isReplaced(other, [old, other]) && isReplaced(old, [old, other])).toBe(false);
  });
});

describe('the end of a qualification is told of', () => {
  it.each<[string, string | null, string[]]>([
    ['at every step that is to come', '2026-12-31', ['60 2026-11-01', '30 2026-12-01', '7 2026-12-24']],
    ['at once on the very day', '2026-05-01', ['60 2026-03-02', '30 2026-04-01', '7 2026-04-24']],
    ['at once where a step has gone by', '2026-04-11', ['60 2026-03-02', '30 2026-03-12', '7 2026-04-04']],
    ['once where several have', '2026-03-05', ['7 2026-03-02']],
    ['on its last day', '2026-03-02', ['7 2026-03-02']],
    ['never once it has gone by', '2026-03-01', []],
    ['never where there is none', null, []],
  ])('%s', (_name, validUntil, expected) => {
    const told = tellingDays({ validUntil: validUntil === null ? null : day(validUntil) }, TODAY);
    expect(told.map(({ days, on }) => `${days} ${on.toString()}`)).toEqual(expected);
  });
});

it('qualifications come out of the database as they went in', () => {
  const list = [
    aQualification(),
    aQualification({ validUntil: null, revokedAt: Temporal.Instant.from('2026-01-01T00:00:00Z'), toldDays: [60] }),
  ];
  const stored: unknown = qualificationList.to(list);
  expect(JSON.stringify(qualificationList.from(JSON.parse(JSON.stringify(stored))))).toBe(JSON.stringify(list));
});
