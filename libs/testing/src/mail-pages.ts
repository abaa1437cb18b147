import type { CaughtMail } from './mail-catcher.js';

const STYLE = `
  :root { color-scheme: light dark; }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; width: 100%; }
  th { text-align: left; font-weight: 600; }
  th, td { padding: .45rem .6rem; border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent); vertical-align: top; }
  td.when { white-space: nowrap; font-variant-numeric: tabular-nums; }
  pre { white-space: pre-wrap; font: inherit; padding: 1rem; border: 1px solid color-mix(in srgb, currentColor 18%, transparent); border-radius: .4rem; }
  .empty { opacity: .7; }`;

/** The list of all mails. */
export function mailListPage(mails: readonly CaughtMail[]): string {
  const rows = mails.map(
    (mail) =>
      `<tr><td class="when">${text(when(mail))}</td><td>${text(mail.to)}</td><td><a href="/mails/${mail.id}">${text(mail.subject || '(no subject)')}</a></td><td>${mail.attachments.length || ''}</td></tr>`,
  );
  const list = `<table><thead><tr><th>Received (UTC)</th><th>To</th><th>Subject</th><th>Files</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  return page(
    'Mail',
    mails.length > 0 ? list : '<p class="empty">No mail has been sent yet. An issued invoice sends one.</p>',
  );
}

/** One mail. */
export function mailPage(mail: CaughtMail): string {
  const files = mail.attachments.map(
    (file, index) =>
      `<li><a href="/mails/${mail.id}/attachments/${index}">${text(file.filename)}</a> (${text(file.contentType)}, ${Math.ceil(file.bytes / 1024)} kB)</li>`,
  );
  return page(
    mail.subject || '(no subject)',
    `<p><a href="/">All mail</a></p>
     <table><tr><th>From</th><td>${text(mail.from)}</td></tr><tr><th>To</th><td>${text(mail.to)}</td></tr>
     <tr><th>Received (UTC)</th><td>${text(when(mail))}</td></tr><tr><th>Message-ID</th><td>${text(mail.messageId)}</td></tr></table>
     <pre>${text(mail.text)}</pre>${files.length > 0 ? `<ul>${files.join('')}</ul>` : ''}`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(title)}</title><style>${STYLE}</style><h1>${text(title)}</h1>${body}</html>`;
}

function when(mail: CaughtMail): string {
  return mail.receivedAt.slice(0, 19).replace('T', ' ');
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
