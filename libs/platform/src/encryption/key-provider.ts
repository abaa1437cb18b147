import { FileKeys } from './file-keys.js';
import { KmsKeys } from './kms-keys.js';

/** What a data key belongs to. It is bound to the wrapped key: one that was moved to another row does not open. */
export type KeyContext = Readonly<Record<string, string>>;

/** A data key as the database keeps it. */
export interface WrappedKey {
  readonly wrapped: Buffer;
  /** Which master key wrapped it. */
  readonly masterKeyId: string;
}

/** Holds the master keys, by which data keys are wrapped: never a data key lies anywhere in clear. */
export interface KeyProvider {
  /**
   * Wraps a data key by the newest master key.
   *
   * @param key 32 bytes
   * @throws DomainError unavailable KEYS_UNAVAILABLE
   */
  wrap(key: Buffer, context: KeyContext): Promise<WrappedKey>;
  /**
   * The data key again.
   *
   * @throws DomainError unavailable KEYS_UNAVAILABLE; Error where the master key is not there, or what was wrapped is damaged or another context's
   */
  unwrap(key: WrappedKey, context: KeyContext): Promise<Buffer>;
}

/** What ENCRYPTION_KEYS takes. */
export const KEYS_SETTING = /^(file:.+|kms:[^?]+(\?.*)?)$/;

/**
 * Opens the master keys.
 *
 * @param setting `file:<path>` (see `FileKeys`), or `kms:<key id or ARN>?region=<region>&endpoint=<url>` with credentials as the AWS SDK finds them
 * @throws Error in one line where the file is not there or is no key file
 */
export function openKeyProvider(setting: string): KeyProvider {
  return setting.startsWith('kms:') ? KmsKeys.open(setting.slice(4)) : FileKeys.open(setting.replace(/^file:/, ''));
}

/** A context as bytes, the same for the same entries. */
export function contextBytes(context: KeyContext): Buffer {
  return Buffer.from(JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))));
}
