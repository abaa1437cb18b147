import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addMasterKey } from './file-keys.js';
import { type KeyProvider, openKeyProvider } from './key-provider.js';

const context = { service: 'documents', tenant: 't', matter: 'm' };

/**
 * A small server that speaks KMS' JSON protocol (Encrypt, Decrypt) and keeps to its rules: the encryption context is authenticated, another key or
 * context is InvalidCiphertextException, and each call is signed. The real service was never called.
 */
class LittleKms {
  readonly calls: { readonly operation: string; readonly context: unknown }[] = [];
  failures: { status: number; type: string }[] = [];
  private readonly master = randomBytes(32);
  private readonly server: Server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { status, answer } = this.answer(request, JSON.parse(body) as Record<string, unknown>);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
    });
  });

  static readonly ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `kms:${LittleKms.ARN}?endpoint=http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private answer({ headers }: IncomingMessage, body: Record<string, unknown>): { status: number; answer: object } {
    const operation = String(headers['x-amz-target']);
    this.calls.push({ operation, context: body.EncryptionContext });
    const failure = this.failures.shift();
    if (failure) return { status: failure.status, answer: { __type: failure.type, message: 'canary of a message' } };
    if (!/^AWS4-HMAC-SHA256 Credential=test-id\/\d+\/eu-central-1\/kms\//.test(headers.authorization ?? ''))
      return { status: 400, answer: { __type: 'IncompleteSignatureException' } };
    if (body.KeyId !== LittleKms.ARN) return { status: 400, answer: { __type: 'NotFoundException' } };
    const aad = Buffer.from(JSON.stringify(Object.entries(body.EncryptionContext as object).sort()));
    try {
      return {
        status: 200,
        answer: operation.endsWith('.Encrypt') ? this.encrypt(body, aad) : this.decrypt(body, aad),
      };
    } catch {
      return { status: 400, answer: { __type: 'InvalidCiphertextException' } };
    }
  }

  private encrypt({ Plaintext }: Record<string, unknown>, aad: Buffer): object {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.master, nonce).setAAD(aad);
    const sealed = [cipher.update(Buffer.from(String(Plaintext), 'base64')), cipher.final(), cipher.getAuthTag()];
    return { CiphertextBlob: Buffer.concat([nonce, ...sealed]).toString('base64'), KeyId: LittleKms.ARN };
  }

  private decrypt({ CiphertextBlob }: Record<string, unknown>, aad: Buffer): object {
    const blob = Buffer.from(String(CiphertextBlob), 'base64');
    const decipher = createDecipheriv('aes-256-gcm', this.master, blob.subarray(0, 12)).setAAD(aad);
    decipher.setAuthTag(blob.subarray(-16));
    const plain = Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()]);
    return { Plaintext: plain.toString('base64'), KeyId: LittleKms.ARN };
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

const folder = mkdtempSync(join(tmpdir(), 'paradesk-keys-'));
const kms = new LittleKms();
const credentialsBefore = { id: process.env.AWS_ACCESS_KEY_ID, key: process.env.AWS_SECRET_ACCESS_KEY };
let kmsSetting: string;
beforeAll(async () => {
  process.env.AWS_ACCESS_KEY_ID = 'test-id';
  process.env.AWS_SECRET_ACCESS_KEY = 'test-key';
  kmsSetting = await kms.start();
});
afterAll(() => {
  kms.stop();
  rmSync(folder, { recursive: true });
  restore('AWS_ACCESS_KEY_ID', credentialsBefore.id);
  restore('AWS_SECRET_ACCESS_KEY', credentialsBefore.key);
});

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

let files = 0;
function aKeyFile(): string {
  const path = join(folder, `${files++}`, 'keys.json');
  addMasterKey(path);
  return path;
}

const providers: [string, () => KeyProvider][] = [
  ['a file', () => openKeyProvider(`file:${aKeyFile()}`)],
  ['KMS', () => openKeyProvider(kmsSetting)],
];
describe.each(providers)('master keys in %s', (_name, open) => {
  it('open what they wrapped, which is not the key itself', async () => {
    const provider = open();
    const key = randomBytes(32);
    const wrapped = await provider.wrap(key, context);
    expect(wrapped.wrapped.includes(key)).toBe(false);
    expect((await provider.unwrap(wrapped, context)).equals(key)).toBe(true);
    expect((await provider.unwrap(wrapped, { matter: 'm', tenant: 't', service: 'documents' })).equals(key)).toBe(true);
  });

  it.each([
    ['another matter', { ...context, matter: 'n' }],
    ['another tenant', { ...context, tenant: 'u' }],
    ['another service', { ...context, service: 'billing' }],
    ['nothing', {}],
  ])('do not open it for %s', async (_context, given) => {
    const provider = open();
    const wrapped = await provider.wrap(randomBytes(32), context);
    await expect(provider.unwrap(wrapped, given)).rejects.toThrow();
  });

  it('do not open what was damaged, and never for a moment', async () => {
    const provider = open();
    const { wrapped, masterKeyId } = await provider.wrap(randomBytes(32), context);
    for (const at of [0, 15, wrapped.byteLength - 1]) {
      const damaged = Buffer.from(wrapped);
      damaged[at]! ^= 1;
      await expect(provider.unwrap({ wrapped: damaged, masterKeyId }, context)).rejects.toThrow();
    }
  });
});

describe('a key file', () => {
  it('wraps by its newest key and opens by all: the master key can be changed', async () => {
    const path = aKeyFile();
    const before = await openKeyProvider(`file:${path}`).wrap(randomBytes(32), context);
    addMasterKey(path);
    const provider = openKeyProvider(`file:${path}`);
    const after = await provider.wrap(randomBytes(32), context);
    expect(after.masterKeyId).not.toBe(before.masterKeyId);
    await provider.unwrap(before, context);
    await provider.unwrap(after, context);
    const other = openKeyProvider(`file:${aKeyFile()}`);
    await expect(other.unwrap(before, context)).rejects.toThrow(`the key file has no key ${before.masterKeyId}`);
  });

  it("is its owner's only", () => {
    expect(statSync(aKeyFile()).mode & 0o777).toBe(0o600);
  });

  it('that is not there stops the start: a new one would leave all that is stored unreadable', () => {
    expect(() => openKeyProvider(`file:${folder}/none.json`)).toThrow('there is no key file at');
  });

  it.each([
    ['no JSON', 'canary'],
    ['no key', '{"keys":[]}'],
    ['a short key', '{"keys":[{"id":"canary","key":"Y2FuYXJ5"}]}'],
  ])('with %s is refused in one line that says nothing of it', (_name, text) => {
    const path = aKeyFile();
    writeFileSync(path, text);
    expect(() => openKeyProvider(`file:${path}`)).toThrow(/^[^\n]+ is no key file: it takes [^\n]+$/);
    expect(() => openKeyProvider(`file:${path}`)).not.toThrow('canary');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });
});

describe('KMS', () => {
  it('is told for what each key is, so that its own log says so', async () => {
    kms.calls.length = 0;
    const provider = openKeyProvider(kmsSetting);
    await provider.unwrap(await provider.wrap(randomBytes(32), context), context);
    expect(kms.calls).toEqual([
      { operation: 'TrentService.Encrypt', context },
      { operation: 'TrentService.Decrypt', context },
    ]);
  });

  it('is asked again when it has too much to do', async () => {
    kms.failures = [
      { status: 400, type: 'ThrottlingException' },
      { status: 500, type: 'KMSInternalException' },
    ];
    await expect(openKeyProvider(kmsSetting).wrap(randomBytes(32), context)).resolves.toBeDefined();
  });

  it.each([
    ['that is away', 'kms:key?region=eu-central-1&endpoint=http://127.0.0.1:1', []],
    ['that fails and fails', '', Array.from({ length: 3 }, () => ({ status: 500, type: 'KMSInternalException' }))],
  ])('%s is worth a second try', async (_name, setting, failures) => {
    kms.failures = [...failures];
    const wrapping = openKeyProvider(setting || kmsSetting).wrap(randomBytes(32), context);
    await expect(wrapping).rejects.toMatchObject({ kind: 'unavailable', reason: 'KEYS_UNAVAILABLE' });
  });

  it.each(['AccessDeniedException', 'DisabledException', 'NotFoundException'])(
    'that answers %s is no use to be asked again',
    async (type) => {
      kms.failures = [{ status: 400, type }];
      await expect(openKeyProvider(kmsSetting).wrap(randomBytes(32), context)).rejects.toThrow(
        `KMS refuses a data key (${type})`,
      );
    },
  );
});
