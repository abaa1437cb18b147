import { DomainError } from '@paradesk/kernel';

/** What the gateway is to an OpenID Connect provider. */
export interface SignInOptions {
  /** URL of the provider; its metadata say the rest. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What the cookie between the redirect and the callback is encrypted with; the same for all replicas. */
  readonly cookieKey: string;
}

/** How people sign in here, if they do. */
export class SignInSettings {
  /** @param publicUrl where others see the gateway, known once it listens */
  constructor(
    private readonly options: SignInOptions | undefined,
    private readonly publicUrl: () => string,
  ) {}

  /** False where only API keys sign in. */
  get isConfigured(): boolean {
    return this.options !== undefined;
  }

  /** Where browsers and programs see the gateway: scheme, host and port. */
  get origin(): string {
    return new URL(this.publicUrl()).origin;
  }

  /** Whether cookies may be kept to encrypted connections: everywhere but on a loopback address. */
  get isSecure(): boolean {
    return this.origin.startsWith('https:');
  }

  /** @throws DomainError not-found SIGN_IN_NOT_CONFIGURED */
  required(): SignInOptions {
    if (this.options) return this.options;
    throw new DomainError('not-found', 'SIGN_IN_NOT_CONFIGURED', 'nobody signs in here but by an API key');
  }
}
