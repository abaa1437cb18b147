import { DecryptCommand, EncryptCommand, KMSClient, KMSServiceException } from '@aws-sdk/client-kms';
import { DomainError } from '@paradesk/kernel';
import type { KeyContext, KeyProvider, WrappedKey } from './key-provider.js';

const TIMEOUT_MS = 5_000;

/**
 * A master key in AWS KMS, or in a server that speaks its protocol: it never leaves there. The context is sent as the encryption context, so
 * KMS itself refuses to open a data key for another matter, and its own log says for which one each was opened. KMS rotates the key by itself.
 */
export class KmsKeys implements KeyProvider {
  private constructor(
    private readonly client: KMSClient,
    private readonly keyId: string,
  ) {}

  /** @param location `<key id or ARN>?region=<region>&endpoint=<url>`; an ARN states its region itself */
  static open(location: string): KmsKeys {
    const [keyId = '', query] = location.split('?');
    const parameters = new URLSearchParams(query);
    const [, , , regionOfArn] = keyId.startsWith('arn:') ? keyId.split(':') : [];
    const endpoint = parameters.get('endpoint');
    const client = new KMSClient({
      region: parameters.get('region') ?? regionOfArn ?? 'us-east-1',
      maxAttempts: 3,
      requestHandler: { requestTimeout: TIMEOUT_MS, connectionTimeout: TIMEOUT_MS },
      ...(endpoint && { endpoint }),
    });
    return new KmsKeys(client, keyId);
  }

  async wrap(key: Buffer, context: KeyContext): Promise<WrappedKey> {
    const command = new EncryptCommand({ KeyId: this.keyId, Plaintext: key, EncryptionContext: { ...context } });
    const { CiphertextBlob, KeyId } = await this.client.send(command).catch(explain);
    if (!CiphertextBlob || !KeyId) throw new Error('KMS has answered without a ciphertext');
    return { wrapped: Buffer.from(CiphertextBlob), masterKeyId: KeyId };
  }

  async unwrap({ wrapped, masterKeyId }: WrappedKey, context: KeyContext): Promise<Buffer> {
    const command = new DecryptCommand({
      KeyId: masterKeyId,
      CiphertextBlob: wrapped,
      EncryptionContext: { ...context },
    });
    const { Plaintext } = await this.client.send(command).catch(explain);
    if (!Plaintext) throw new Error('KMS has answered without a plaintext');
    return Buffer.from(Plaintext);
  }
}

const LATER = new Set([
  'ThrottlingException',
  'DependencyTimeoutException',
  'KMSInternalException',
  'LimitExceededException',
]);

// What KMS refuses for good (the wrong context, no such key, no right to it) is an error of ours or an attack, not to be tried again.
function explain(error: unknown): never {
  const isRefusal =
    error instanceof KMSServiceException && !LATER.has(error.name) && (error.$metadata.httpStatusCode ?? 500) < 500;
  if (isRefusal) throw new Error(`KMS refuses a data key (${error.name})`, { cause: error });
  const away = new DomainError(
    'unavailable',
    'KEYS_UNAVAILABLE',
    'the keys of what is stored cannot be reached; try again',
  );
  away.cause = error;
  throw away;
}
