import { describe, expect, it } from '@jest/globals';
import { seededRandom } from './random.js';

describe('a seeded random source', () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 50 }, () => random.integer(1_000_000));
  };

  it('gives the same again for the same seed, and something else for another', () => {
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it('gives every number below the bound about as often as the others', () => {
    const random = seededRandom(1);
    const counts = [0, 0, 0, 0, 0];
    for (let times = 0; times < 10_000; times++) counts[random.integer(5)]! += 1;
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  });
});
