import type { experimental } from '@grpc/grpc-js';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Paths of PEM files, as an orchestrator mounts them. */
export interface CertificatePaths {
  /** The certificate of this process, with those between it and the CA behind it. */
  readonly certificate: string;
  readonly key: string;
  /** Certificates of the CA that all services' certificates come from, and of nobody else's. */
  readonly authority: string;
}

interface Certificates {
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly authority: Buffer;
}

const REFRESH_MS = 10_000;

/**
 * Certificates that are read again every ten seconds: new connections use the new ones, those that are open go on. grpc-js has a provider of its
 * own; it gives up a good certificate for half of a new one, when it reads between the writing of certificate and key.
 */
export class CertificateFiles implements experimental.CertificateProvider {
  private readonly identityListeners = new Set<experimental.IdentityCertificateUpdateListener>();
  private readonly authorityListeners = new Set<experimental.CaCertificateUpdateListener>();
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly paths: CertificatePaths,
    private current: Certificates,
    private readonly onProblem: (problem: string) => void,
    private readonly refreshMs: number,
  ) {}

  /**
   * @param onProblem told in one line when files have become unusable: the last good ones stay in use
   * @param refreshMs how often the files are read, in milliseconds
   * @throws Error in one line where they are unusable now
   */
  static open(paths: CertificatePaths, onProblem: (problem: string) => void, refreshMs = REFRESH_MS): CertificateFiles {
    return new CertificateFiles(paths, read(paths), onProblem, refreshMs);
  }

  addIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.identityListeners.add(listener);
    process.nextTick(() => this.identityListeners.has(listener) && this.tell(listener));
    this.watch();
  }

  removeIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.identityListeners.delete(listener);
    this.watch();
  }

  addCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
    this.authorityListeners.add(listener);
    process.nextTick(() => this.authorityListeners.has(listener) && this.tellAuthority(listener));
    this.watch();
  }

  removeCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
    this.authorityListeners.delete(listener);
    this.watch();
  }

  private watch(): void {
    const isWatched = this.identityListeners.size + this.authorityListeners.size > 0;
    if (isWatched) this.timer ??= setInterval(() => this.refresh(), this.refreshMs).unref();
    else {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  private refresh(): void {
    try {
      const found = read(this.paths);
      const isSame = (['certificate', 'key', 'authority'] as const).every((file) =>
        found[file].equals(this.current[file]),
      );
      if (isSame) return;
      this.current = found;
    } catch (error) {
      this.onProblem(error instanceof Error ? error.message : String(error));
      return;
    }
    for (const listener of this.authorityListeners) this.tellAuthority(listener);
    for (const listener of this.identityListeners) this.tell(listener);
  }

  private tell(listener: experimental.IdentityCertificateUpdateListener): void {
    listener({ certificate: this.current.certificate, privateKey: this.current.key });
  }

  private tellAuthority(listener: experimental.CaCertificateUpdateListener): void {
    listener({ caCertificate: this.current.authority });
  }
}

function read(paths: CertificatePaths): Certificates {
  const [certificate, key, authority] = (['certificate', 'key', 'authority'] as const).map((name) =>
    readPem(paths[name]),
  );
  const found = { certificate: certificate!, key: key!, authority: authority! };
  if (!isPair(found)) throw new Error(`${paths.key} is not the key of the certificate in ${paths.certificate}`);
  return found;
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`${path} cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}

function isPair({ certificate, key, authority }: Certificates): boolean {
  try {
    new X509Certificate(authority);
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
