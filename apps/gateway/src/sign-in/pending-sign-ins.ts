import { hkdfSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import { PENDING_SECONDS } from './browser-cookies.js';
import { SignInSettings } from './sign-in-settings.js';

/** What is remembered of a sign-in while the person is at the provider. Texts that do not apply are empty. */
export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** Path here to go on at. */
  readonly returnTo: string;
  readonly invitation: string;
  readonly tenantId: string;
}

const ENCRYPTION = 'A256GCM';

/**
 * Keeps sign-ins that are under way in the browser itself, encrypted and for ten minutes: whichever replica of the gateway gets the
 * callback can read it, and nobody else.
 */
@Injectable()
export class PendingSignIns {
  private key: Uint8Array | undefined;

  constructor(private readonly settings: SignInSettings) {}

  seal(pending: PendingSignIn): Promise<string> {
    return new EncryptJWT({ ...pending })
      .setProtectedHeader({ alg: 'dir', enc: ENCRYPTION })
      .setExpirationTime(`${PENDING_SECONDS}s`)
      .encrypt(this.secretKey());
  }

  /** @throws DomainError unauthenticated SIGN_IN_STATE for what is absent, too old or not ours */
  async open(sealed: string | undefined): Promise<PendingSignIn> {
    try {
      const { payload } = await jwtDecrypt<PendingSignIn>(sealed ?? '', this.secretKey(), {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: [ENCRYPTION],
        requiredClaims: ['exp'],
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) throw notUnderWay();
      throw error;
    }
  }

  private secretKey(): Uint8Array {
    this.key ??= new Uint8Array(hkdfSync('sha256', this.settings.required().cookieKey, '', 'paradesk sign-in', 32));
    return this.key;
  }
}

/** A callback that belongs to no sign-in of this browser. */
export function notUnderWay(): DomainError {
  return new DomainError(
    'unauthenticated',
    'SIGN_IN_STATE',
    'no such sign-in is under way in this browser: begin again at /auth/sign-in',
  );
}
