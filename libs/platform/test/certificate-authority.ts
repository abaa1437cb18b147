import 'reflect-metadata'; // what the library of certificates stands on
import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificatePaths } from '../src/tls/certificate-files.js';

// The package's own crypto is that of browsers.
x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** What a certificate is good for. */
export interface Issued {
  /** DNS names. */
  readonly names: readonly string[];
  /** Addresses. */
  readonly addresses?: readonly string[];
  /** Days from now; 1 by default. */
  readonly endsInDays?: number;
}

/** A CA of a test's own, with its files in a folder. */
export class CertificateAuthority {
  readonly folder = mkdtempSync(join(tmpdir(), 'paradesk-ca-'));
  private issued = 0;

  private constructor(
    private readonly keys: webcrypto.CryptoKeyPair,
    private readonly certificate: x509.X509Certificate,
  ) {
    writeFileSync(this.path, certificate.toString('pem'));
  }

  static async make(name = 'Test CA'): Promise<CertificateAuthority> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name: `CN=${name}`,
      notBefore: new Date(Date.now() - 2 * DAY_MS),
      notAfter: new Date(Date.now() + DAY_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    });
    return new CertificateAuthority(keys, certificate);
  }

  /** Path of its certificate. */
  get path(): string {
    return join(this.folder, 'ca.pem');
  }

  /** Files of a new certificate. @param at the files of an earlier one, to be replaced */
  async issue({ names, addresses = [], endsInDays = 1 }: Issued, at?: CertificatePaths): Promise<CertificatePaths> {
    this.issued += 1;
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: `0${this.issued}a`,
      subject: `CN=${names[0] ?? 'nobody'}`,
      issuer: this.certificate.subject,
      notBefore: new Date(Date.now() - 2 * DAY_MS),
      notAfter: new Date(Date.now() + endsInDays * DAY_MS),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          ...names.map((value) => ({ type: 'dns', value }) as const),
          ...addresses.map((value) => ({ type: 'ip', value }) as const),
        ]),
      ],
    });
    const paths = at ?? {
      certificate: join(this.folder, `${this.issued}.pem`),
      key: join(this.folder, `${this.issued}-key.pem`),
      authority: this.path,
    };
    const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    writeFileSync(paths.certificate, certificate.toString('pem'));
    writeFileSync(paths.key, x509.PemConverter.encode(key, 'PRIVATE KEY'));
    chmodSync(paths.key, 0o600);
    return paths;
  }

  /** Deletes its files. */
  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}
