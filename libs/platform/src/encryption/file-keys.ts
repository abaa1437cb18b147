import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { contextBytes, type KeyContext, type KeyProvider, type WrappedKey } from './key-provider.js';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const keyFile = z.object({
  keys: z
    .array(
      z.object({
        id: z.string().min(1),
        key: z.string().refine((text) => Buffer.from(text, 'base64').byteLength === KEY_BYTES),
      }),
    )
    .min(1),
});

/**
 * Master keys in a file: `{"keys": [{"id": "...", "key": "<32 bytes in base64>"}]}`. The first one wraps, all unwrap: to change the master
 * key, put a new one in front of the others (`addMasterKey`) and start the services anew.
 *
 * For a system on one machine. Who has the file and the database can read everything, so it must not lie in the same backup.
 */
export class FileKeys implements KeyProvider {
  private constructor(private readonly keys: ReadonlyMap<string, Buffer>) {}

  /** @throws Error in one line where the file is not there or is no key file: a new key in its place would leave all that is stored unreadable */
  static open(path: string): FileKeys {
    if (!existsSync(path)) throw new Error(`there is no key file at ${path}: correct ENCRYPTION_KEYS`);
    const keys = readKeys(path);
    return new FileKeys(new Map(keys.map(({ id, key }) => [id, Buffer.from(key, 'base64')])));
  }

  async wrap(key: Buffer, context: KeyContext): Promise<WrappedKey> {
    const [newest] = this.keys;
    const [masterKeyId, master] = newest!;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', master, nonce).setAAD(contextBytes(context));
    const wrapped = Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
    return { wrapped, masterKeyId };
  }

  async unwrap({ wrapped, masterKeyId }: WrappedKey, context: KeyContext): Promise<Buffer> {
    const master = this.keys.get(masterKeyId);
    if (!master) throw new Error(`the key file has no key ${masterKeyId}, which a data key is wrapped by`);
    const decipher = createDecipheriv('aes-256-gcm', master, wrapped.subarray(0, NONCE_BYTES))
      .setAAD(contextBytes(context))
      .setAuthTag(wrapped.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(wrapped.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  }
}

/** Puts a new master key in front of those of a key file, which is made where it is not there; readable by its owner only. */
export function addMasterKey(path: string): void {
  const known = existsSync(path) ? readKeys(path) : [];
  const added = { id: randomBytes(8).toString('hex'), key: randomBytes(KEY_BYTES).toString('base64') };
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Whole or not at all: without its keys nothing that is stored can be read.
  writeFileSync(`${path}.new`, `${JSON.stringify({ keys: [added, ...known] }, null, 2)}\n`, {
    mode: 0o600,
    flush: true,
  });
  renameSync(`${path}.new`, path);
}

function readKeys(path: string): z.infer<typeof keyFile>['keys'] {
  try {
    return keyFile.parse(JSON.parse(readFileSync(path, 'utf8'))).keys;
  } catch {
    // Nothing of what was read is said: it is keys.
    throw new Error(`${path} is no key file: it takes {"keys": [{"id": "...", "key": "<32 bytes in base64>"}]}`);
  }
}
