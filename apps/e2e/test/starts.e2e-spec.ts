import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addMasterKey } from '@paradesk/platform';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AppProcess, freeAddress } from './app-process.js';
import { buildOnce } from './standalone-process.js';

const CANARY = 'canary-of-a-secret-value';
const keyFile = join(mkdtempSync(join(tmpdir(), 'paradesk-starts-')), 'keys.json');
addMasterKey(keyFile);
const complete = {
  DATABASE_URL: `postgres://billing:${CANARY}@127.0.0.1:1/billing`,
  STORAGE: 'folder:.data/never-made',
  ENCRYPTION_KEYS: `file:${keyFile}`,
  SERVICE_SECRET: `${CANARY}-of-24-characters`,
};

describe('a process that cannot start', () => {
  let taken: Server;
  let takenAddress: string;
  beforeAll(async () => {
    buildOnce();
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    takenAddress = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
  }, 180_000);
  afterAll(() => {
    taken.close();
    rmSync(dirname(keyFile), { recursive: true });
  });

  const everyService = ['DATABASE_URL', 'STORAGE', 'ENCRYPTION_KEYS', 'SERVICE_SECRET', 'KAFKA_BROKERS'];
  it.each([
    ['identity', [...everyService, 'SIGNING_KEYS', 'SERVICE_SECRETS']],
    ['assignment', everyService],
    ['billing', everyService],
    ['documents', everyService],
    ['communications', [...everyService, 'SMTP_URL']],
    ['gateway', ['IDENTITY_ADDRESS']],
  ])('says all that is missing at once, a line each: %s', async (app, names) => {
    const { code, said } = await AppProcess.startInVain(app, {});
    expect(code).toBe(1);
    const [first, ...problems] = said.trimEnd().split('\n');
    expect(first).toBe(`${app}: the environment does not fit:`);
    expect(problems.map((line) => line.trim().split(':')[0]).sort()).toEqual([...names].sort());
    for (const line of problems) expect(line).toMatch(/^ {2}[A-Z_]+: is not set, it takes /);
  });

  it.each([
    [
      'identity',
      {
        ...complete,
        DATABASE_URL: `mysql://root:${CANARY}@db`,
        DATABASE_POOL_SIZE: '0',
        DATABASE_WAIT_MS: 'soon',
        STORAGE: `/somewhere/${CANARY}`,
        ENCRYPTION_KEYS: CANARY,
        KAFKA_BROKERS: 'here',
        GRPC_ADDRESS: '127.0.0.1:99999',
        SIGNING_KEYS: `[{"d":"${CANARY}"}]`,
        SERVICE_SECRETS: `billing=${CANARY}`,
      },
    ],
    ['communications', { ...complete, SMTP_URL: `http://user:${CANARY}@mail`, LOG_LEVEL: 'loud', KAFKA_BROKERS: '' }],
    ['gateway', { HTTP_ADDRESS: 'all', IDENTITY_ADDRESS: '127.0.0.1:70000', PEERS: 'billing:5000' }],
  ])('says all that is wrong at once, and no value: %s', async (app, env) => {
    const { code, said } = await AppProcess.startInVain(app, env as Record<string, string>);
    expect(code).toBe(1);
    const wrong = Object.entries(env).filter(([name, value]) => (complete as Record<string, string>)[name] !== value);
    const problems = said.trimEnd().split('\n').slice(1);
    expect(problems.map((line) => line.trim().split(':')[0]).sort()).toEqual(wrong.map(([name]) => name).sort());
    for (const line of problems) expect(line).toMatch(/takes /);
    expect(said).not.toContain(CANARY);
  });

  it('says in one line that no broker answers', async () => {
    const broker = await freeAddress();
    const { code, said } = await AppProcess.startInVain('billing', { ...complete, KAFKA_BROKERS: broker });
    expect([code, said]).toEqual([
      1,
      `billing: cannot start: no Kafka broker answers at ${broker}: start it, or correct KAFKA_BROKERS\n`,
    ]);
  });

  it.each([
    ['HTTP_ADDRESS', 'REST'],
    ['OPS_ADDRESS', 'health'],
  ])('says in one line that the address of %s is taken', async (name, what) => {
    const env = { HTTP_ADDRESS: await freeAddress(), IDENTITY_ADDRESS: '127.0.0.1:1', LOG_LEVEL: 'fatal' };
    const { code, said } = await AppProcess.startInVain('gateway', { ...env, [name]: takenAddress });
    expect([code, said]).toEqual([
      1,
      `gateway: cannot start: ${what} cannot listen on ${takenAddress} (EADDRINUSE): free it, or correct ${name}\n`,
    ]);
  });
});
