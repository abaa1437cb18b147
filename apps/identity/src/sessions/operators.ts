import { createHash } from 'node:crypto';
import type { Subject } from './id-tokens.js';

/** Stands where others have the id of their tenant: no tenant has it, so an operator sees no row of any. */
export const OPERATOR_TENANT_ID = '00000000-0000-0000-0000-000000000000';

/** The operations team of Paradesk itself, by their accounts at the provider. They are named in the settings and nowhere else. */
export class Operators {
  private readonly ids: ReadonlySet<string>;

  constructor(accounts: readonly Pick<Subject, 'issuer' | 'subject'>[]) {
    this.ids = new Set(accounts.map(idOf));
  }

  /** UUID of the operator with this account; undefined where it is none of theirs. */
  find(account: Pick<Subject, 'issuer' | 'subject'>): string | undefined {
    const id = idOf(account);
    return this.has(id) ? id : undefined;
  }

  /** Whether the id is still an operator's: one who was taken out of the settings is signed in no more. */
  has(id: string): boolean {
    return this.ids.has(id);
  }
}

/** @param text `issuer|subject`, separated by commas. @throws Error that says what it takes */
export function parseOperators(text: string): Operators {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
  return new Operators(
    entries.map((entry, index) => {
      // Issuers are URLs and have no bar; subjects of some providers have.
      const [, issuer, subject] = /^([^|\s]+)\|(\S+)$/.exec(entry) ?? [];
      if (!issuer || !subject || !URL.canParse(issuer)) {
        throw new Error(`takes issuer|subject, separated by commas; entry ${index + 1} is something else`);
      }
      return { issuer, subject };
    }),
  );
}

/** An id that is always the same for the account: a UUID version 8 (RFC 9562) of its hash. */
function idOf({ issuer, subject }: Pick<Subject, 'issuer' | 'subject'>): string {
  const hex = createHash('sha256').update(`operator|${issuer}|${subject}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
