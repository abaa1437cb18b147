import { newSecretText, SecretForm, type SecretText } from '../tokens/secret-text.js';

export { hashOf } from '../tokens/secret-text.js';

/** The two parts of a key. */
export type ApiKeyText = SecretText;

const form = new SecretForm('pd_live_');

/** A key that nobody has. */
export function newKeyText(): ApiKeyText {
  return newSecretText();
}

/** The whole key, as its holder presents it. */
export function formatKey(text: ApiKeyText): string {
  return form.format(text);
}

/** The part of a key that may be shown. */
export function prefixOf(publicId: string): string {
  return form.prefixOf(publicId);
}

/** The parts of a key as it was presented; undefined where it has not the form of a key. */
export function parseKey(text: string): ApiKeyText | undefined {
  return form.parse(text);
}
