import { createHash, randomBytes } from 'node:crypto';

/** The two parts of a credential that its holder keeps: where to look it up, and what proves that it is theirs. */
export interface SecretText {
  /** 22 characters of base62 (16 random bytes); not secret. */
  readonly publicId: string;
  /** 43 characters of base62 (32 random bytes). */
  readonly secret: string;
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The form of one kind of credential: `<prefix><id>_<secret>`. The prefix lets secret scanners find those that got out by mistake. */
export class SecretForm {
  private readonly shape: RegExp;

  /** @param prefix such as `pd_live_` */
  constructor(private readonly prefix: string) {
    this.shape = new RegExp(`^${prefix}([${ALPHABET}]{22})_([${ALPHABET}]{43})$`);
  }

  /** The whole credential, as its holder presents it. */
  format({ publicId, secret }: SecretText): string {
    return `${this.prefixOf(publicId)}_${secret}`;
  }

  /** The part of a credential that may be shown. */
  prefixOf(publicId: string): string {
    return this.prefix + publicId;
  }

  /** The parts of a credential as it was presented; undefined where it has not this form. */
  parse(text: string): SecretText | undefined {
    const [, publicId, secret] = this.shape.exec(text) ?? [];
    return publicId && secret ? { publicId, secret } : undefined;
  }
}

/** A credential that nobody has. */
export function newSecretText(): SecretText {
  return { publicId: base62(randomBytes(16), 22), secret: base62(randomBytes(32), 43) };
}

/** What is stored of a secret: with 256 random bits behind it, one round of SHA-256 cannot be guessed back. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function base62(bytes: Uint8Array, length: number): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (let position = 0; position < length; position++) {
    text = ALPHABET.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  return text;
}
