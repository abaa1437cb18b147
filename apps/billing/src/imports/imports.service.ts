import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { DomainError } from '@paradesk/kernel';
import { Database, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { AgreementsService } from '../agreements/agreements.service.js';
import { RecordingsService, type CapturedBy } from '../billable-work/recordings.service.js';
import { GuidelinesService } from '../guidelines/guidelines.service.js';
import { PeriodLocksService } from '../period-locks/period-locks.service.js';
import { readCsvRows } from './csv-rows.js';
import { csvWork, knownRows } from './csv-work.js';
import { Directory } from './directory.js';
import { ImportProblems } from './import-problems.js';
import { AgreementsOfFile, type ImportedGroup } from './imported-work.js';
import { recordGroups, type ImportOutcome, type LockedDays, type Recordable } from './imported-work.queries.js';
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
    private readonly recordings: RecordingsService,
    private readonly locks: PeriodLocksService,
    private readonly guidelines: GuidelinesService,
  ) {}

  /** @param currency of the amounts, since LEDES 1998B names none */
  async ledes(caller: Caller, file: ImportFile, currency: string): Promise<ImportOutcome> {
    checkSize(file);
    const by = await this.recordings.begin(caller);
    return this.database.transaction(caller, async (tx) => {
      await takeTurn(tx);
      const invoices = readKnownLedes(file.bytes, currency, await Directory.load(tx));
      const agreements = await this.agreementsOf(tx, invoices.flat());
      const record = (importRef: string) => this.recordings.unlocked(by, importRef);
      const groups = ledesWork(invoices, currency, agreements, record);
      const refuseChanged = 'LEDES_REFUSED';
      const rules = await this.rulesOf(tx, by, { column: 'LINE_ITEM_DATE', reason: 'LEDES_REFUSED' });
      return recordGroups(tx, groups, { dryRun: file.dryRun, refuseChanged, ...rules });
    });
  }

  async csv(caller: Caller, file: ImportFile): Promise<ImportOutcome> {
    checkSize(file);
    const by = await this.recordings.begin(caller);
    return this.database.transaction(caller, async (tx) => {
      await takeTurn(tx);
      const groups = [await this.csvGroup(tx, by, file)];
      const rules = await this.rulesOf(tx, by, { column: 'date', reason: 'CSV_REFUSED' });
      return recordGroups(tx, groups, { dryRun: file.dryRun, ...rules });
    });
  }

  private async csvGroup(tx: Tx, by: CapturedBy, file: ImportFile): Promise<ImportedGroup> {
    const problems = new ImportProblems();
    const rows = knownRows(readCsvRows(file.bytes, problems), await Directory.load(tx), by.today, problems);
    const agreements = await this.agreementsOf(tx, rows);
    const sha256 = createHash('sha256').update(file.bytes).digest('hex');
    const record = (line: number) => this.recordings.unlocked(by, `csv:${sha256}:${line}`);
    const work = csvWork(rows, agreements, record, problems);
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

  /** What holds for each line of any file. */
  private async rulesOf(
    tx: Tx,
    { today, timeZone }: CapturedBy,
    refusal: Pick<LockedDays, 'column' | 'reason'>,
  ): Promise<Pick<Recordable, 'locked' | 'check'>> {
    const locks = await this.locks.standing(tx);
    const isLocked = (day: Temporal.PlainDate) => locks.some((lock) => lock.locks(day, today));
    return { locked: { ...refusal, isLocked }, check: (time) => this.guidelines.check(tx, time, timeZone) };
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
