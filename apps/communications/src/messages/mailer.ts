import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import { CONFIG, inClientSpan } from '@paradesk/platform';
import { createTransport, type Transporter } from 'nodemailer';
import type { CommunicationsConfig } from '../config.js';

/** A mail to hand to the mail server. */
export interface Mail {
  /** Makes the Message-ID: the same mail handed over twice can be told. */
  readonly id: string;
  readonly from: { readonly name: string; readonly address: string };
  readonly to: { readonly name: string; readonly address: string };
  /** Who gets a copy. */
  readonly cc?: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly attachments: readonly {
    readonly filename: string;
    readonly content: Buffer;
    readonly contentType: string;
  }[];
}

/** Speaks SMTP with the configured mail server. */
@Injectable()
export class Mailer implements OnApplicationShutdown {
  private readonly transport: Transporter;

  constructor(@Inject(CONFIG) private readonly config: CommunicationsConfig) {
    this.transport = createTransport(config.SMTP_URL, {
      pool: true,
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 60_000,
      disableFileAccess: true,
      disableUrlAccess: true,
    } as object);
  }

  /**
   * Resolves when the mail server has taken the mail over.
   *
   * @throws DomainError refused MAIL_REFUSED for a permanent refusal (5xx), unavailable MAIL_SERVER for anything worth another try
   */
  async hand(mail: Mail): Promise<void> {
    await inClientSpan('send mail', { 'network.protocol.name': 'smtp' }, () => this.send(mail));
  }

  onApplicationShutdown(): void {
    this.transport.close();
  }

  private async send(mail: Mail): Promise<void> {
    const { id, attachments, ...rest } = mail;
    try {
      await this.transport.sendMail({
        ...rest,
        attachments: [...attachments],
        messageId: `<${id}@${this.config.MAIL_DOMAIN}>`,
        // An answering machine has no business with an invoice (RFC 3834).
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    } catch (error) {
      const code = (error as { responseCode?: number }).responseCode;
      if (code !== undefined && code >= 500)
        throw DomainError.refused('MAIL_REFUSED', 'the mail server refuses the mail for good');
      throw new DomainError('unavailable', 'MAIL_SERVER', 'the mail server did not take the mail over');
    }
  }
}
