import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { mailListPage, mailPage } from './mail-pages.js';

/** A mail that was caught instead of delivered. */
export interface CaughtMail {
  /** Names it in the catcher's addresses. */
  readonly id: string;
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  readonly subject: string;
  readonly text: string;
  readonly receivedAt: string;
  readonly attachments: readonly { readonly filename: string; readonly contentType: string; readonly bytes: number }[];
}

/** Where a catcher keeps mail and listens; port 0, the default, takes a free one. */
export interface MailCatcherOptions {
  readonly folder: string;
  readonly smtpPort?: number;
  readonly httpPort?: number;
}

/**
 * A mail server that delivers nothing: it keeps every mail as a file, and shows it on a page. For standalone and tests; it listens
 * on the loopback only.
 */
export class MailCatcher {
  private constructor(
    private readonly folder: string,
    private readonly smtp: SMTPServer,
    private readonly http: Server,
  ) {}

  static async start({ folder, smtpPort = 0, httpPort = 0 }: MailCatcherOptions): Promise<MailCatcher> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      size: 30 * 1024 * 1024,
      logger: false,
      onData: (stream, _session, done) => {
        keep(folder, stream).then(
          () => done(),
          (error: Error) => done(error),
        );
      },
    });
    const http = createServer(
      (request, response) => void catcher.answer(request, response).catch(() => response.destroy()),
    );
    const catcher = new MailCatcher(folder, smtp, http);
    await new Promise<void>((resolve, reject) => {
      smtp.once('error', reject);
      smtp.listen(smtpPort, '127.0.0.1', resolve);
    });
    await new Promise<void>((resolve, reject) => http.once('error', reject).listen(httpPort, '127.0.0.1', resolve));
    // A client that goes away in the middle of a mail is its own trouble.
    smtp.on('error', () => undefined);
    return catcher;
  }

  /** `smtp://` URL. */
  get smtpUrl(): string {
    return `smtp://127.0.0.1:${(this.smtp.server.address() as AddressInfo).port}`;
  }

  /** URL of the page; `/mails.json` there lists the mails for programs. */
  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** All mails, the newest first. */
  async mails(): Promise<CaughtMail[]> {
    const names = readdirSync(this.folder)
      .filter((name) => name.endsWith('.eml'))
      .sort()
      .reverse();
    return Promise.all(names.map(async (name) => toCaught(name.slice(0, -4), await this.parse(name))));
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    await Promise.all([
      new Promise((resolve) => this.http.close(resolve)),
      new Promise<void>((resolve) => this.smtp.close(resolve)),
    ]);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (path === '/') return send(response, 'text/html; charset=utf-8', mailListPage(await this.mails()));
    if (path === '/mails.json') return send(response, 'application/json', JSON.stringify(await this.mails()));
    const [, id, attachment] = /^\/mails\/([\w.-]+?)(?:\/attachments\/(\d+))?$/.exec(path) ?? [];
    if (!id || !readdirSync(this.folder).includes(`${id}.eml`))
      return send(response, 'text/plain', 'There is no such mail.', 404);
    const mail = await this.parse(`${id}.eml`);
    if (attachment === undefined) return send(response, 'text/html; charset=utf-8', mailPage(toCaught(id, mail)));
    const file = mail.attachments[Number(attachment)];
    if (!file) return send(response, 'text/plain', 'There is no such attachment.', 404);
    send(response, file.contentType, file.content);
  }

  private async parse(name: string): Promise<ParsedMail> {
    return simpleParser(readFileSync(join(this.folder, name)));
  }
}

async function keep(folder: string, stream: AsyncIterable<Buffer>): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  const name = `${new Date().toISOString().replace(/[:.]/g, '-')}-${randomUUID().slice(0, 8)}`;
  writeFileSync(join(folder, `${name}.part`), Buffer.concat(parts), { mode: 0o600, flush: true });
  renameSync(join(folder, `${name}.part`), join(folder, `${name}.eml`));
}

function textOf(addresses: ParsedMail['to']): string {
  return [addresses ?? []]
    .flat()
    .map((address) => address.text)
    .join(', ');
}

function toCaught(id: string, mail: ParsedMail): CaughtMail {
  return {
    id,
    messageId: mail.messageId ?? '',
    from: mail.from?.text ?? '',
    to: textOf(mail.to),
    cc: textOf(mail.cc),
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    receivedAt: id.slice(0, 24).replace(/T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z/, 'T$1:$2:$3.$4Z'),
    attachments: mail.attachments.map(({ filename, contentType, size }) => ({
      filename: filename ?? 'unnamed',
      contentType,
      bytes: size,
    })),
  };
}

function send(response: ServerResponse, type: string, body: string | Buffer, status = 200): void {
  response
    .writeHead(status, {
      'content-type': type,
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    .end(body);
}
