import { readFileSync } from 'node:fs';

const swc = JSON.parse(readFileSync(new URL('.swcrc', import.meta.url), 'utf8'));
// Builds leave specs out, tests do not.
delete swc.exclude;
const real = process.env.PARADESK_FIXTURES !== undefined;

export default {
  roots: ['<rootDir>/libs', '<rootDir>/apps'],
  testMatch: real ? ['**/*.real-spec.ts'] : ['**/*.spec.ts', '**/*.e2e-spec.ts'],
  modulePathIgnorePatterns: ['/dist/'],
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swc, swcrc: false }] },
  extensionsToTreatAsEsm: ['.ts'],
  resolver: '<rootDir>/jest.resolver.cjs',
  testEnvironmentOptions: { customExportConditions: ['@paradesk/source', 'node', 'node-addons'] },
  globalSetup: '<rootDir>/jest.global-setup.mjs',
  globalTeardown: '<rootDir>/jest.global-teardown.mjs',
  testTimeout: 60_000,
};
