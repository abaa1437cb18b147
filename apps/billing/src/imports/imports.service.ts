import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { dateIn, DomainError } from '@paradesk/kernel';
import { Clock, Database, Ids, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { AgreementsService } from '../agreements/agreements.service.js';
import { TenantsService } from '../tenants/tenants.service.js';
import { readCsvRows } from './csv-rows.js';
import { csvWork, knownRows } from './csv-work.js';
import { Directory } from './directory.js';
import { ImportProblems } from './import-problems.js';
import { AgreementsOfFile, type ImportedGroup, type Recorder } from './imported-work.js';
import { recordGroups, type ImportOutcome } from './imported-work.queries.js';
import { readKnownLedes } from './ledes-import.js';
import { ledesWork } from './ledes-work.js';

/** A file to import. */
export interface ImportFile {
  readonly bytes: Uint8Array;
  /** Check it and say what it would do, but record nothing. */
  readonly dryRun: boolean;
}

const MAX_BYTES = 10 * 1024 * 1024;

/** A file is imported whole or not at all: one transaction, and every problem of it in one refusal. */
@Injectable()
export class ImportsService {
  constructor(
    private readonly database: Database,
    private readonly agreements: AgreementsService,
    private readonly tenants: TenantsService,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  /** @param currency of the amounts, since LEDES 1998B names none */
  async ledes(caller: Caller, file: ImportFile, currency: string): Promise<ImportOutcome> {
    checkSize(file);
    return this.database.transaction(caller, async (tx) => {
      await takeTurn(tx);
      const invoices = readKnownLedes(file.bytes, currency, await Directory.load(tx));
      const agreements = await this.agreementsOf(tx, invoices.flat());
      const groups = ledesWork(invoices, currency, agreements, this.recorder(caller));
      return recordGroups(tx, groups, { dryRun: file.dryRun, refuseChanged: 'LEDES_REFUSED' });
    });
  }

  async csv(caller: Caller, file: ImportFile): Promise<ImportOutcome> {
    checkSize(file);
    const tenant = await this.tenants.require(caller);
    const today = dateIn(this.clock.now(), tenant.timeZone);
    return this.database.transaction(caller, async (tx) => {
      await takeTurn(tx);
      const groups = [await this.csvGroup(tx, caller, file, today)];
      return recordGroups(tx, groups, { dryRun: file.dryRun });
    });
  }

  private async csvGroup(tx: Tx, caller: Caller, file: ImportFile, today: Temporal.PlainDate): Promise<ImportedGroup> {
    const problems = new ImportProblems();
    const rows = knownRows(readCsvRows(file.bytes, problems), await Directory.load(tx), today, problems);
    const agreements = await this.agreementsOf(tx, rows);
    const [sha256, record] = [createHash('sha256').update(file.bytes).digest('hex'), this.recorder(caller)];
    const work = csvWork(rows, agreements, (line) => record(`csv:${sha256}:${line}`), problems);
    const currency = work[0]?.work.currency ?? 'USD';
    for (const { line, work: one } of work) {
      if (one.currency === currency) continue;
      problems.add(
        line,
        'matter',
        'MIXED_CURRENCIES',
        `the file begins in ${currency}, this matter is in ${one.currency}`,
      );
    }
    problems.refuseIfAny('CSV_REFUSED');
    const clientIds = new Set(rows.map((row) => row.client.id));
    const clientId = clientIds.size === 1 ? (rows[0]?.client.id ?? '') : '';
    return { sourceInvoiceNumber: '', clientId, currency, work };
  }

  private async agreementsOf(tx: Tx, lines: readonly { matter: { id: string } }[]): Promise<AgreementsOfFile> {
    const matterIds = new Set(lines.map((line) => line.matter.id));
    return new AgreementsOfFile(await this.agreements.ofMatters(tx, [...matterIds]));
  }

  private recorder(caller: Caller): Recorder {
    const recordedAt = this.clock.now();
    const { tenantId } = caller;
    const recordedBy = caller.personId ?? null;
    return (importRef) => ({ tenantId, id: this.ids.next(), recordedAt, recordedBy, importRef });
  }
}

// Imports of a tenant take turns, so that of two that bring the same line the second finds it recorded.
async function takeTurn(tx: Tx): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`import ${tx.tenantId}`]);
}

function checkSize({ bytes }: ImportFile): void {
  if (bytes.length <= MAX_BYTES) return;
  throw DomainError.invalid('file.data', 'FILE_TOO_LARGE', `has ${bytes.length} bytes, at most ${MAX_BYTES} are taken`);
}
