import { afterAll, beforeAll, describe } from '@jest/globals';
import { SystemUnderTest } from './running-system.js';
import { refusesForgedTokens } from './tokens.conformance.js';

describe('tokens, with all services in one process', () => {
  let system: SystemUnderTest;
  beforeAll(async () => {
    system = await SystemUnderTest.start();
  });
  afterAll(() => system.stop());

  refusesForgedTokens(() => system.system);
});
