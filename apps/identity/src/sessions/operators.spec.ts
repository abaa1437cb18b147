import { describe, expect, it } from '@jest/globals';
import { isUuid } from '@paradesk/kernel';
import { parseOperators } from './operators.js';

const ISSUER = 'https://accounts.example';
const operators = parseOperators(`${ISSUER}|ada, ${ISSUER}|auth0|bob`);

describe('operators', () => {
  it.each([
    ['an account that is named', ISSUER, 'ada', true],
    ['a subject with a bar', ISSUER, 'auth0|bob', true],
    ['another subject', ISSUER, 'eve', false],
    ['the same subject of another issuer', 'https://elsewhere.example', 'ada', false],
    ['the same subject in capitals', ISSUER, 'Ada', false],
  ])('with %s', (_, issuer, subject, known) => {
    const id = operators.find({ issuer, subject });

    expect(id !== undefined).toBe(known);
    if (id) expect([isUuid(id), operators.has(id)]).toEqual([true, true]);
  });

  it('keep their ids, and lose them when they are named no more', () => {
    const id = operators.find({ issuer: ISSUER, subject: 'ada' }) ?? '';

    expect(parseOperators(`${ISSUER}|ada`).find({ issuer: ISSUER, subject: 'ada' })).toBe(id);
    expect(parseOperators('').has(id)).toBe(false);
  });

  it.each([
    ['no bar', 'ada'],
    ['no issuer', '|ada'],
    ['no subject', `${ISSUER}|`],
    ['an issuer that is no URL', 'accounts|ada'],
  ])('are refused with %s', (_, text) => {
    expect(() => parseOperators(text)).toThrow('entry 1 is something else');
  });
});
