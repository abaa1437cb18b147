import { minorDigits } from '@paradesk/kernel';
import type { Client } from '../clients/client.entity.js';
import type { LedesInvoice, LedesLine } from '../ledes/ledes-1998b-columns.js';
import { readLedes1998b } from '../ledes/ledes-reader.js';
import type { Matter } from '../matters/matter.entity.js';
import type { Person } from '../people/person.entity.js';
import type { Directory } from './directory.js';
import { ImportProblems } from './import-problems.js';

/** A line of a LEDES file with whom it is about. */
export interface KnownLine {
  readonly invoice: LedesInvoice;
  readonly line: LedesLine;
  readonly client: Client;
  readonly matter: Matter;
  /** There on fees. */
  readonly timekeeper: Person | undefined;
}

/**
 * Reads a LEDES 1998B file and finds its clients, matters and timekeepers by their codes.
 *
 * @returns the lines of each invoice, in the order of the file
 * @throws DomainError invalid LEDES_REFUSED, naming line, column and rule of all that is wrong
 */
export function readKnownLedes(bytes: Uint8Array, currency: string, directory: Directory): KnownLine[][] {
  const problems = new ImportProblems();
  const digits = minorDigits(currency);
  const { file } = readLedes1998b(bytes, { minorDigits: digits });
  if (!file) {
    // Refused for its form. Read again to name unknown codes as well, so that the file is mended in one go.
    const known = { lawFirmMatterIds: directory.matterCodes, timekeeperIds: directory.timekeeperCodes };
    for (const finding of readLedes1998b(bytes, { minorDigits: digits, known }).findings) {
      if (finding.severity === 'reject') problems.add(finding.line, finding.field, finding.rule, finding.message);
    }
  }
  const invoices = (file?.invoices ?? []).map((invoice) => knownLines(invoice, directory, problems));
  problems.refuseIfAny('LEDES_REFUSED');
  return invoices;
}

function knownLines(invoice: LedesInvoice, directory: Directory, problems: ImportProblems): KnownLine[] {
  const client = directory.client(invoice.lines[0]?.clientId ?? '');
  return invoice.lines.flatMap((line) => {
    const ownClient = directory.client(line.clientId);
    if (!ownClient) {
      problems.add(line.fileLine, 'CLIENT_ID', 'V19', `there is no client ${line.clientId}`);
    } else if (client && ownClient.id !== client.id) {
      const message = `invoice ${invoice.number} is for client ${client.code} on its first line; an invoice has one client`;
      problems.add(line.fileLine, 'CLIENT_ID', 'V19', message);
    }
    const matter = ownClient && directory.matter(ownClient, line.lawFirmMatterId);
    if (ownClient && !matter) {
      const message = `client ${ownClient.code} has no matter ${line.lawFirmMatterId}`;
      problems.add(line.fileLine, 'LAW_FIRM_MATTER_ID', 'V19', message);
    }
    const timekeeper = line.type === 'F' ? directory.timekeeper(line.timekeeperId) : undefined;
    if (line.type === 'F' && !timekeeper) {
      problems.add(line.fileLine, 'TIMEKEEPER_ID', 'V19', `there is no timekeeper ${line.timekeeperId}`);
    }
    return ownClient && matter ? [{ invoice, line, client: ownClient, matter, timekeeper }] : [];
  });
}
