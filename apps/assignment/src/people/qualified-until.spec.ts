import { describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { type HeldQualification, qualifiedUntil } from './qualified-until.js';

const TODAY = Temporal.PlainDate.from('2026-11-25');

const held = (
  kind: string,
  validUntil: string | null,
  changes: Partial<HeldQualification> = {},
): HeldQualification => ({
  kind,
  jurisdiction: 'US-CA',
  validFrom: '2020-01-01',
  validUntil,
  ...changes,
});

describe('the last day of a qualification', () => {
  it.each<[string, HeldQualification[], string | undefined]>([
    ['is none without any', [], undefined],
    ['is that of the certificate', [held('CERTIFICATE', '2027-06-30')], '2027-06-30'],
    ['is that of the admission', [held('ADMISSION', '2027-06-30')], '2027-06-30'],
    ['stays when it has gone by', [held('CERTIFICATE', '2026-01-31')], '2026-01-31'],
    ['never comes for what does not end', [held('CERTIFICATE', null)], '9999-12-31'],
    ['is that of the later one', [held('ADMISSION', '2028-01-01'), held('CERTIFICATE', '2027-01-01')], '2028-01-01'],
    ['is not that of another jurisdiction', [held('CERTIFICATE', null, { jurisdiction: 'US-NY' })], undefined],
    [
      'is that of the jurisdiction, whatever the case',
      [held('ADMISSION', null, { jurisdiction: ' us-ca' })],
      '9999-12-31',
    ],
    ['is none for what counts from tomorrow', [held('CERTIFICATE', null, { validFrom: '2026-11-26' })], undefined],
    ['is that of what counts from today', [held('CERTIFICATE', null, { validFrom: '2026-11-25' })], '9999-12-31'],
    ['is none by education alone', [held('CONTINUING_EDUCATION', '2027-12-31')], undefined],
    [
      'is that of the education where that ends first',
      [held('CERTIFICATE', null), held('CONTINUING_EDUCATION', '2026-12-31')],
      '2026-12-31',
    ],
    [
      'is that of the newest education',
      [
        held('CERTIFICATE', null),
        held('CONTINUING_EDUCATION', '2024-12-31'),
        held('CONTINUING_EDUCATION', '2026-12-31'),
      ],
      '2026-12-31',
    ],
    [
      'is that of the certificate where the education lasts longer',
      [held('CERTIFICATE', '2026-11-30'), held('CONTINUING_EDUCATION', '2027-12-31')],
      '2026-11-30',
    ],
    ['is none by what nobody knows', [held('UNRECOGNIZED', null)], undefined],
  ])('%s', (_name, all, expected) => {
    expect(qualifiedUntil(all, 'US-CA', TODAY)?.toString()).toBe(expected);
    expect(qualifiedUntil(all.toReversed(), 'US-CA', TODAY)?.toString()).toBe(expected);
  });
});
