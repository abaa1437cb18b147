import { experimental, type ChannelCredentials, type ChannelOptions, type ServerCredentials } from '@grpc/grpc-js';
import type { Caller } from '@paradesk/access';
import { DomainError } from '@paradesk/kernel';
import type { PeerCertificate } from 'node:tls';
import { ConfigError } from '../config.js';
import { CertificateFiles, type CertificatePaths } from './certificate-files.js';

/** How a channel is secured. */
export interface ChannelSecurity {
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
}

/** Settings of mutual TLS between services: all three or none. */
export interface TlsConfig {
  readonly TLS_CERT_FILE?: string | undefined;
  readonly TLS_KEY_FILE?: string | undefined;
  readonly TLS_CA_FILE?: string | undefined;
}

/** What grpc-js says of the connection of a call. */
export interface ConnectionProof {
  readonly transportSecurityType?: string;
  readonly sslPeerCertificate?: PeerCertificate;
}

/** The one that passes people's calls on. */
const GATEWAY = 'gateway';

/**
 * Mutual TLS between the services and the gateway. A certificate is good for who has its name as a DNS name in it (`billing`), wherever it
 * runs: addresses change, names do not. The CA issues to services only, so nobody else comes as far as to present a token.
 */
export class PeerTls {
  readonly serverCredentials: ServerCredentials;
  private readonly channelCredentials: ChannelCredentials;

  private constructor(files: CertificateFiles) {
    this.serverCredentials = experimental.createCertificateProviderServerCredentials(files, files, true);
    this.channelCredentials = experimental.createCertificateProviderChannelCredentials(files, files);
  }

  /** @param refreshMs how often the files are read, in milliseconds. @throws Error in one line where they are unusable */
  static fromFiles(paths: CertificatePaths, onProblem: (problem: string) => void, refreshMs?: number): PeerTls {
    return new PeerTls(CertificateFiles.open(paths, onProblem, refreshMs));
  }

  /**
   * By the settings; undefined where they say nothing, on one machine.
   *
   * @throws ConfigError where some of the settings are missing
   */
  static fromConfig(config: TlsConfig, onProblem: (problem: string) => void): PeerTls | undefined {
    const names = ['TLS_CERT_FILE', 'TLS_KEY_FILE', 'TLS_CA_FILE'] as const;
    const missing = names.filter((name) => config[name] === undefined);
    if (missing.length === names.length) return undefined;
    const { TLS_CERT_FILE: certificate, TLS_KEY_FILE: key, TLS_CA_FILE: authority } = config;
    if (certificate === undefined || key === undefined || authority === undefined)
      throw new ConfigError(
        missing.map((name) => `${name}: is not set, and the other TLS_ files are: it takes a path`),
      );
    return PeerTls.fromFiles({ certificate, key, authority }, onProblem);
  }

  /** For a channel to a service, whose certificate must have its name. */
  to(service: string): ChannelSecurity {
    return { credentials: this.channelCredentials, options: { 'grpc.ssl_target_name_override': service } };
  }
}

/**
 * Refuses who presents another's token: a service's is good on connections with its own certificate only, a person's on those of the gateway.
 * A connection without TLS proves nothing and is let pass: a service with TLS takes none.
 *
 * @throws DomainError unauthenticated NOT_THE_CERTIFICATES_TOKEN
 */
export function requireOwnCertificate(caller: Caller, connection: ConnectionProof): void {
  if (connection.transportSecurityType !== 'ssl') return;
  const names = dnsNames(connection.sslPeerCertificate?.subjectaltname ?? '');
  if (!names.includes(caller.service ?? GATEWAY))
    throw new DomainError(
      'unauthenticated',
      'NOT_THE_CERTIFICATES_TOKEN',
      'the token is not that of whose certificate the connection has',
    );
}

// `DNS:billing, DNS:billing.paradesk.svc`; Node quotes a name that has a comma or a quotation mark in it, so none can pretend to be two.
function dnsNames(alternatives: string): string[] {
  return alternatives.split(', ').flatMap((entry) => (entry.startsWith('DNS:') ? [entry.slice(4)] : []));
}
