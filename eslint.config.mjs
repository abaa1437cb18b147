import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const inApps = ['apps/*/src/**/*.ts'];
const tests = [
  '**/*.spec.ts',
  '**/*.e2e-spec.ts',
  '**/*.real-spec.ts',
  '**/test/**/*.ts',
  'libs/testing/**/*.ts',
  'apps/e2e/**/*.ts',
];
const forbid = (...patterns) => ['error', { patterns }];
const onlyPlatform = {
  group: ['kafkajs', '@grpc/*', 'pg', 'pg-*', '@opentelemetry/*', 'graphile-worker', 'import-in-the-middle'],
  message: 'Only libs/platform touches Kafka, gRPC, PostgreSQL and OpenTelemetry.',
};
const noContracts = {
  group: ['@paradesk/contracts', '@paradesk/contracts/*'],
  message: 'An entity knows nothing of the wire.',
};
const noNest = { group: ['@nestjs/*'], message: 'An entity is no Nest service.' };
const noServices = {
  group: ['*.service.js', '*.controller.js', '*.consumer.js'],
  message: 'An entity does not know who uses it.',
};
const noTypeorm = { group: ['typeorm'], message: 'Controllers and consumers leave rows to services.' };

export default [
  { ignores: ['**/dist/**', '**/node_modules/**', 'libs/contracts/src/gen/**', '.nx/**', '.data/**', '.tools/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.mjs', '*.cjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          allow: [],
          depConstraints: [
            { sourceTag: 'type:kernel', onlyDependOnLibsWithTags: [] },
            { sourceTag: 'type:contracts', onlyDependOnLibsWithTags: ['type:kernel'] },
            { sourceTag: 'type:access', onlyDependOnLibsWithTags: ['type:kernel', 'type:contracts'] },
            { sourceTag: 'type:platform', onlyDependOnLibsWithTags: ['type:kernel', 'type:contracts', 'type:access'] },
            { sourceTag: 'type:testing', onlyDependOnLibsWithTags: ['scope:lib'] },
            { sourceTag: 'type:service', onlyDependOnLibsWithTags: ['scope:lib'] },
            { sourceTag: 'type:standalone', onlyDependOnLibsWithTags: ['scope:lib', 'type:service'] },
            { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['*'] },
          ],
        },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'max-lines': ['error', 300],
      'max-lines-per-function': ['error', 50],
      'max-params': 'off',
      '@typescript-eslint/max-params': ['error', { max: 5 }],
      'max-depth': ['error', 3],
    },
  },
  {
    files: inApps,
    rules: {
      'no-restricted-imports': forbid(onlyPlatform),
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Pass Clock in.' },
        {
          selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
          message: 'Pass Clock in.',
        },
        {
          selector: 'CallExpression[callee.name=/^set(Interval|Timeout)$/]',
          message: 'Durable jobs belong in the database.',
        },
        { selector: 'ExportAllDeclaration', message: 'Name what you export.' },
      ],
    },
  },
  {
    files: ['apps/*/src/**/*.entity.ts'],
    rules: { 'no-restricted-imports': forbid(onlyPlatform, noContracts, noNest, noServices) },
  },
  {
    files: ['apps/*/src/**/*.controller.ts', 'apps/*/src/**/*.consumer.ts'],
    rules: { 'no-restricted-imports': forbid(onlyPlatform, noTypeorm) },
  },
  {
    files: ['libs/kernel/src/**/*.ts'],
    rules: {
      'no-restricted-imports': forbid({
        regex: '^(?!\\.{1,2}/|temporal-polyfill$)',
        message: 'The kernel imports nothing but Temporal.',
      }),
    },
  },
  {
    files: ['libs/**/src/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', { selector: 'ExportAllDeclaration', message: 'Name what you export.' }],
    },
  },
  {
    files: tests,
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      'no-restricted-imports': 'off',
      '@nx/enforce-module-boundaries': 'off',
      'no-restricted-syntax': 'off',
      '@typescript-eslint/max-params': 'off',
    },
  },
];
