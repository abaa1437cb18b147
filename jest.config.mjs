import { readFileSync } from 'node:fs';

const swc = JSON.parse(readFileSync(new URL('.swcrc', import.meta.url), 'utf8'));
// Builds leave specs out, tests do not.
delete swc.exclude;
// Tests over real files and tests that need a broker run by commands of their own: npm run test:real, npm run test:kafka.
const { PARADESK_FIXTURES, PARADESK_KAFKA } = process.env;
const testMatch = PARADESK_FIXTURES
  ? ['**/*.real-spec.ts']
  : PARADESK_KAFKA
    ? ['**/*.kafka-spec.ts']
    : ['**/*.spec.ts', '**/*.e2e-spec.ts'];

export default {
  roots: ['<rootDir>/libs', '<rootDir>/apps'],
  testMatch,
  modulePathIgnorePatterns: ['/dist/'],
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swc, swcrc: false }] },
  extensionsToTreatAsEsm: ['.ts'],
  resolver: '<rootDir>/jest.resolver.cjs',
  testEnvironmentOptions: { customExportConditions: ['@paradesk/source', 'node', 'node-addons'] },
  globalSetup: '<rootDir>/jest.global-setup.mjs',
  globalTeardown: '<rootDir>/jest.global-teardown.mjs',
  testTimeout: 60_000,
  // Jest would leave one of two cores idle; suites wait for the database more than they compute.
  maxWorkers: 2,
};
