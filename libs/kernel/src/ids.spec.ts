import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isUuid, newId } from './ids.js';

const MAX_MS = 2 ** 48 - 1;
const VERSION_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const msOf = (id: string) => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);

describe('newId', () => {
  it('is a UUID of version 7 that carries its millisecond, whichever', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_MS }), (nowMs) => {
        const id = newId(nowMs);
        expect(id).toMatch(VERSION_7);
        expect(isUuid(id)).toBe(true);
        expect(msOf(id)).toBe(nowMs);
      }),
    );
  });

  it('ascends and never repeats while the clock stands still', () => {
    const ids = Array.from({ length: 20_000 }, () => newId(1_767_225_600_000));
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('sorts by time across milliseconds', () => {
    const ids = Array.from({ length: 1_000 }, (_, ms) => newId(1_767_225_600_000 + ms));
    expect(ids).toEqual([...ids].sort());
  });

  it('follows a clock that is set back, and does not repeat an id', () => {
    const first = Array.from({ length: 1_000 }, () => newId(2_000));
    newId(3_000);
    const second = Array.from({ length: 1_000 }, () => newId(2_000));
    expect(second.every((id) => msOf(id) === 2_000)).toBe(true);
    expect(new Set([...first, ...second]).size).toBe(2_000);
  });

  it.each([{ nowMs: -1 }, { nowMs: 0.5 }, { nowMs: Number.NaN }, { nowMs: MAX_MS + 1 }])(
    'has no id for the time $nowMs',
    ({ nowMs }) => {
      expect(() => newId(nowMs)).toThrow(RangeError);
    },
  );
});

describe('isUuid', () => {
  it.each([
    { name: 'version 7', text: '019b76da-a800-7000-8000-000000000001', uuid: true },
    { name: 'version 4', text: '9b2f3c1e-5a7d-4e6f-8a9b-0c1d2e3f4a5b', uuid: true },
    { name: 'upper case', text: '019B76DA-A800-7000-8000-00000000000A', uuid: true },
    { name: 'no hyphens', text: '019b76daa80070008000000000000001', uuid: false },
    { name: 'braces', text: '{019b76da-a800-7000-8000-000000000001}', uuid: false },
    { name: 'a digit too few', text: '019b76da-a800-7000-8000-00000000000', uuid: false },
    { name: 'a letter beyond f', text: '019b76da-a800-7000-8000-00000000000g', uuid: false },
    { name: 'a line end', text: '019b76da-a800-7000-8000-000000000001\n', uuid: false },
    { name: 'nothing', text: '', uuid: false },
  ])('of $name is $uuid', ({ text, uuid }) => {
    expect(isUuid(text)).toBe(uuid);
  });
});
