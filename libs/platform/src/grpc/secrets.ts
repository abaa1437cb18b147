import { fromBinary, toBinary, type DescMessage } from '@bufbuild/protobuf';

/**
 * Makes what takes the secrets (`debug_redact` fields) out of an encoded answer: an API key is shown once, and a stored answer must
 * not be a second place where it stands.
 */
export function withoutSecrets(message: DescMessage): (bytes: Uint8Array) => Uint8Array {
  const secret = message.fields.filter((field) => field.proto.options?.debugRedact);
  if (secret.length === 0) return (bytes) => bytes;
  return (bytes) => {
    const answer = fromBinary(message, bytes) as unknown as Record<string, unknown>;
    for (const field of secret) answer[field.localName] = '';
    return toBinary(message, answer as never);
  };
}
