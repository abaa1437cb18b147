import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ConfigError, platformConfig, readConfig, setting } from './config.js';

const complete = {
  DATABASE_URL: 'postgres://billing:pw@127.0.0.1:5432/billing',
  STORAGE: 'folder:/var/lib/paradesk',
  ENCRYPTION_KEYS: 'file:/run/secrets/encryption-keys.json',
  SERVICE_SECRET: 'a-secret-of-more-than-24-characters',
};

function problemsOf(schema: z.ZodType, env: Record<string, string | undefined>): readonly string[] {
  try {
    readConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  it('fills in the defaults of platform', () => {
    const config = readConfig(platformConfig, complete);
    expect(config.GRPC_ADDRESS).toBe('127.0.0.1:0');
    expect(config.DATABASE_POOL_SIZE).toBe(10);
    expect(config.PEERS).toEqual({});
    expect(config.SHUTDOWN_TIMEOUT_MS).toBe(10_000);
    expect(config.RPC_TIMEOUT_MS).toBe(5_000);
    expect(config.OTEL_EXPORTER_OTLP_ENDPOINT).toBeUndefined();
  });

  it('reads the addresses of peers', () => {
    const config = readConfig(platformConfig, {
      ...complete,
      PEERS: 'documents=127.0.0.1:5001,identity=id.local:5000',
    });
    expect(config.PEERS).toEqual({ documents: '127.0.0.1:5001', identity: 'id.local:5000' });
  });

  it.each([
    ['https://kms.example', true],
    ['http://127.0.0.1:4599', true],
    ['http://kms.example', false],
    ['kms.example', false],
  ])('lets data keys travel to KMS at %s: %s', (endpoint, isTaken) => {
    const env = { ...complete, ENCRYPTION_KEYS: `kms:key?region=eu-central-1&endpoint=${endpoint}` };
    if (isTaken) expect(readConfig(platformConfig, env).ENCRYPTION_KEYS).toBe(env.ENCRYPTION_KEYS);
    else
      expect(problemsOf(platformConfig, env)).toEqual([
        expect.stringMatching(/^ENCRYPTION_KEYS: takes an endpoint of https/),
      ]);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(problemsOf(platformConfig, { ...complete, STORAGE: '' })).toEqual([
      'STORAGE: is not set, it takes folder:<path> or s3://<bucket>',
    ]);
  });

  it('names every problem at once, a line each, with what the variable takes', () => {
    expect(problemsOf(platformConfig, { LOG_LEVEL: 'loud', GRPC_ADDRESS: 'here' })).toEqual([
      'GRPC_ADDRESS: takes host:port',
      expect.stringMatching(/^DATABASE_URL: is not set, it takes a URL that starts with postgres:/),
      'LOG_LEVEL: takes fatal, error, warn, info, debug or trace',
      'STORAGE: is not set, it takes folder:<path> or s3://<bucket>',
      'ENCRYPTION_KEYS: is not set, it takes file:<path> or kms:<key id or ARN>',
      'SERVICE_SECRET: is not set, it takes a secret of at least 24 characters',
    ]);
  });

  const refused: [string, z.ZodType, string][] = [
    ['a secret that is too short', setting.secret, 'hunter2-canary'],
    ['a port out of range', setting.port, '70000'],
    ['a number with letters', setting.wholeNumber(1, 9), 'canary9'],
    ['a number below its bounds', setting.wholeNumber(5, 9), '4'],
    ['a URL of another protocol', setting.url(), 'ftp://canary'],
    ['a URL that is none', setting.url('postgres'), 'postgres:canary:x y'],
    ['an address whose port is out of range', setting.address, '127.0.0.1:70000'],
    ['a boolean of another word', setting.boolean, 'yes-canary'],
    ['a duration with a unit', setting.durationMs, '5s'],
    ['a value refused in the words of zod', z.string().startsWith('canary-'), 'canar'],
  ];
  it.each(refused)('refuses %s without printing the value', (_name, piece, value) => {
    const [line, ...others] = problemsOf(z.object({ THING: piece }), { THING: value });
    expect(others).toEqual([]);
    expect(line).toMatch(/^THING: (takes|has a value that is not accepted)/);
    expect(line).not.toContain(value);
  });

  const accepted: [string, z.ZodType, string, unknown][] = [
    ['a list', setting.list, 'a, b,,c', ['a', 'b', 'c']],
    ['a boolean', setting.boolean, 'false', false],
    ['a duration', setting.durationMs, '1500', 1500],
    ['a port', setting.port, '0', 0],
    ['a URL', setting.url(), 'https://x.example/y', 'https://x.example/y'],
    ['an address of IPv6', setting.address, '[::1]:80', '[::1]:80'],
  ];
  it.each(accepted)('reads %s', (_name, piece, value, expected) => {
    expect(readConfig(z.object({ THING: piece }), { THING: value })).toEqual({ THING: expected });
  });
});
