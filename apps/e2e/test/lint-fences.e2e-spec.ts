import { beforeAll, describe, expect, it } from '@jest/globals';
import { ESLint } from 'eslint';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const entity = 'apps/billing/src/invoices/invoice.entity.ts';
const service = 'apps/billing/src/invoices/invoices.service.ts';
const controller = 'apps/billing/src/invoices/invoices.controller.ts';
const consumer = 'apps/billing/src/matters/matters.consumer.ts';
const kernel = 'libs/kernel/src/ids.ts';
const platform = 'libs/platform/src/clock.ts';
const spec = 'libs/kernel/src/ids.spec.ts';

const imports = 'no-restricted-imports';
const syntax = 'no-restricted-syntax';
const boundaries = '@nx/enforce-module-boundaries';
const lines = (count: number, line: string) => `${line}\n`.repeat(count);

/** A planted text and the rules that must stop it: these and no others. The text stands in the place of a file that exists, so that its types are known. */
type Plant = readonly [name: string, file: string, text: string, rule: string];

const plants: readonly Plant[] = [
  [
    'an entity that knows the wire',
    entity,
    `import { topics } from '@paradesk/contracts';\nexport const all = topics;`,
    imports,
  ],
  [
    'an entity that knows a message',
    entity,
    `import { Invoice } from '@paradesk/contracts/paradesk/billing/v1/invoices';\nexport const all = Invoice;`,
    imports,
  ],
  [
    'an entity that is a Nest service',
    entity,
    `import { Injectable } from '@nestjs/common';\n@Injectable()\nexport class Invoice {}`,
    imports,
  ],
  [
    'an entity that knows who uses it',
    entity,
    `import { InvoicesService } from './invoices.service.js';\nexport const all = InvoicesService;`,
    imports,
  ],
  [
    'a controller that reads rows',
    controller,
    `import { DataSource } from 'typeorm';\nexport const all = DataSource;`,
    imports,
  ],
  [
    'a consumer that reads rows',
    consumer,
    `import { EntityManager } from 'typeorm';\nexport const all = EntityManager;`,
    imports,
  ],
  ['a service that speaks to Kafka', service, `import { Kafka } from 'kafkajs';\nexport const all = Kafka;`, imports],
  [
    'a service that speaks gRPC',
    service,
    `import { Client } from '@grpc/grpc-js';\nexport const all = Client;`,
    imports,
  ],
  ['a service that has a connection of its own', service, `import pg from 'pg';\nexport const all = pg;`, imports],
  [
    'a service that measures by itself',
    service,
    `import { trace } from '@opentelemetry/api';\nexport const all = trace;`,
    imports,
  ],
  [
    'a service that has jobs of its own',
    service,
    `import { run } from 'graphile-worker';\nexport const all = run;`,
    imports,
  ],
  ['an entity that has a connection of its own', entity, `import pg from 'pg';\nexport const all = pg;`, imports],
  [
    'a controller that speaks gRPC',
    controller,
    `import { Client } from '@grpc/grpc-js';\nexport const all = Client;`,
    imports,
  ],
  ['a kernel that needs a package', kernel, `import { z } from 'zod';\nexport const all = z;`, imports],
  [
    'a kernel that needs Node',
    kernel,
    `import { readFileSync } from 'node:fs';\nexport const all = readFileSync;`,
    imports,
  ],
  [
    'a kernel that knows the contracts',
    kernel,
    `import { topics } from '@paradesk/contracts';\nexport const all = topics;`,
    `${boundaries} ${imports}`,
  ],
  [
    'a service that knows another service',
    service,
    `import { identity } from '@paradesk/identity';\nexport const all = identity;`,
    boundaries,
  ],
  [
    'a service that reaches into another service',
    service,
    `import { Client } from '../../../identity/src/clients/client.entity.js';\nexport const all = Client;`,
    boundaries,
  ],
  [
    'a platform that knows a service',
    platform,
    `import { billing } from '@paradesk/billing';\nexport const all = billing;`,
    boundaries,
  ],
  ['a file of 301 lines', service, lines(301, 'export {};'), 'max-lines'],
  [
    'a function of 51 lines',
    service,
    `export function long(): number {\n  let sum = 0;\n${lines(49, '  sum += 1;')}  return sum;\n}`,
    'max-lines-per-function',
  ],
  [
    'a constructor of six parameters',
    service,
    `export class Wide {\n  constructor(public a: 1, public b: 2, public c: 3, public d: 4, public e: 5, public f: 6) {}\n}`,
    '@typescript-eslint/max-params',
  ],
  [
    'four levels of nesting',
    service,
    `export function deep(a: boolean): number {\n  if (a) {\n    for (;;) {\n      while (a) {\n        if (a) return 1;\n      }\n    }\n  }\n  return 0;\n}`,
    'max-depth',
  ],
  ['a date of the machine', service, 'export const now = new Date();', syntax],
  ['milliseconds of the machine', service, 'export const now = Date.now();', syntax],
  ['a timer that a restart forgets', service, 'export const timer = setInterval(() => undefined, 1000);', syntax],
  ['a delay that a restart forgets', service, 'export const timer = setTimeout(() => undefined, 1000);', syntax],
  ['an export of everything in an app', service, `export * from './invoice.entity.js';`, syntax],
  ['an export of everything in a library', platform, `export * from './config.js';`, syntax],
  [
    'a promise that nobody waits for',
    service,
    `const work = async () => 1;\nexport function start(): void {\n  work();\n}`,
    '@typescript-eslint/no-floating-promises',
  ],
  [
    'a promise for a condition',
    service,
    `const allowed = async () => false;\nexport const answer = () => (allowed() ? 1 : 0);`,
    '@typescript-eslint/no-misused-promises',
  ],
  ['any', service, 'export const whatever: any = 1;', '@typescript-eslint/no-explicit-any'],
  [
    'what nobody uses',
    service,
    `import { Money } from '@paradesk/kernel';\nexport {};`,
    '@typescript-eslint/no-unused-vars',
  ],
];

const clean: readonly (readonly [name: string, file: string, text: string])[] = [
  [
    'a service as it should be',
    service,
    `import { topics } from '@paradesk/contracts';
import { Clock, Database, type TenantScope } from '@paradesk/platform';
import { In } from 'typeorm';

export class InvoicesService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async list(scope: TenantScope): Promise<string> {
    const rows = await this.database.transaction(scope, (tx) => tx.query('select 1'));
    return [topics.invoices.name, this.clock.now(), In([1]).type, String(rows), new Date(0).toISOString()].join();
  }
}
`,
  ],
  [
    'an entity',
    entity,
    `import { Money } from '@paradesk/kernel';\nimport { Entity } from 'typeorm';\n@Entity('x')\nexport class X {\n  readonly total = Money.zero('USD');\n}\n`,
  ],
  [
    'a controller',
    controller,
    `import { Controller } from '@nestjs/common';\nimport { topics } from '@paradesk/contracts';\n@Controller()\nexport class X {\n  readonly all = topics;\n}\n`,
  ],
  [
    'a kernel with Temporal',
    kernel,
    `import { Temporal } from 'temporal-polyfill';\nimport { Money } from './money.js';\nexport const all = [Temporal, Money];\n`,
  ],
  [
    'a platform that speaks to Kafka, gRPC and PostgreSQL',
    platform,
    `import { Client } from '@grpc/grpc-js';\nimport { Kafka } from 'kafkajs';\nimport pg from 'pg';\nexport const all = [Client, Kafka, pg, Date.now()];\n`,
  ],
  ['a long spec', spec, `import { z } from 'zod';\nexport const all = [z, new Date()];\n${lines(400, 'export {};')}`],
  ['a file of 300 lines', service, lines(300, 'export {};')],
];

describe('the fences of the linter', () => {
  let eslint: ESLint;
  const lint = async (file: string, text: string) => {
    expect(existsSync(join(root, file))).toBe(true);
    const [result] = await eslint.lintText(text, { filePath: join(root, file) });
    return result?.messages.map(({ ruleId, message }) => ruleId ?? message) ?? [];
  };

  // The first file takes long: it brings the types of the whole workspace and Nx's graph of it, which the build before the tests has made.
  beforeAll(async () => {
    eslint = new ESLint({ cwd: root, overrideConfigFile: join(root, 'eslint.config.mjs') });
    await lint(service, '');
  }, 180_000);

  it.each(plants)('stop %s', async (_name, file, text, rule) => {
    expect([...new Set(await lint(file, text))].toSorted()).toEqual(rule.split(' '));
  });

  it.each(clean)('let %s through', async (_name, file, text) => {
    expect(await lint(file, text)).toEqual([]);
  });
});
