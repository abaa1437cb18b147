import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { API_KEY, GatewayUnderTest } from './gateway-under-test.js';
import { checkOperations } from './operations.property.js';

let system: GatewayUnderTest;
beforeAll(async () => {
  system = await GatewayUnderTest.start();
});
afterAll(() => system.stop());

describe('Every operation of the API reference', () => {
  it('answers random requests, valid and damaged, as the reference says and never with a 5xx', async () => {
    const { body: document } = await system.send('/openapi.json');
    const tally = await checkOperations({ url: system.url, apiKeys: [API_KEY], document, runs: 15 });
    const statuses = Object.entries(tally).map(([operation, counts]) => [operation, Object.keys(counts)] as const);
    expect(statuses.length).toBeGreaterThan(30);
    expect(statuses.filter(([, seen]) => !seen.includes('200'))).toEqual([]);
  }, 120_000);
});
