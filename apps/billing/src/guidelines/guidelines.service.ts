import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { DomainError } from '@paradesk/kernel';
import { Database, type Tx } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { In } from 'typeorm';
import { inForceOn } from '../agreements/agreement.entity.js';
import { AgreementsService } from '../agreements/agreements.service.js';
import { parseE4 } from '../billable-work/line-amount.js';
import { ClientsService } from '../clients/clients.service.js';
import { isTaskCode } from '../ledes/utbms.js';
import type { TimeEntry } from '../time-entries/time-entry.entity.js';
import { ClientGuidelines } from './client-guidelines.entity.js';
import { findingsOf, type Neighbour } from './guideline-checks.js';
import { SHIPPED_GUIDELINES, type Guidelines } from './guideline.js';

@Injectable()
export class GuidelinesService {
  constructor(
    private readonly database: Database,
    private readonly clients: ClientsService,
    private readonly agreements: AgreementsService,
  ) {}

  /** @returns undefined where none were set for the client, so that the shipped set holds */
  async get(caller: Caller, clientId: string): Promise<ClientGuidelines | undefined> {
    await this.clients.require(caller, clientId);
    return this.database.transaction(caller, async (tx) => (await ofClients(tx, [clientId]))[0]);
  }

  async set(
    caller: Caller,
    clientId: string,
    given: Omit<ClientGuidelines, 'tenantId' | 'clientId' | 'guidelines'>,
  ): Promise<ClientGuidelines> {
    const client = await this.clients.require(caller, clientId);
    const unknown = given.allowedTaskCodes.find((code) => !isTaskCode(code));
    if (unknown !== undefined) {
      throw DomainError.invalid('allowedTaskCodes', 'UNKNOWN_TASK_CODE', `${unknown} is no task code of UTBMS`);
    }
    return this.database.transaction(caller, async (tx) => {
      const own = { tenantId: tx.tenantId, clientId: client.id };
      const set = Object.assign(new ClientGuidelines(), { ...own, ...given });
      await tx.upsert(ClientGuidelines, { ...set } as never, ['tenantId', 'clientId']);
      return set;
    });
  }

  /**
   * Checks entries by the guidelines of their clients, beside what else their timekeepers have on those days, and leaves the findings on
   * them. However many they are, by three queries.
   *
   * @param timeZone the tenant's, in which they were recorded on a day
   */
  async check(tx: Tx, entries: readonly TimeEntry[], timeZone: string): Promise<void> {
    const guidelines = new Map(
      (
        await ofClients(
          tx,
          entries.map(({ clientId }) => clientId),
        )
      ).map((one) => [one.clientId, one.guidelines]),
    );
    const agreements = await this.agreements.termsOfMatters(tx, [...new Set(entries.map(({ matterId }) => matterId))]);
    const days = Map.groupBy([...entries, ...(await othersOf(tx, entries))], dayOf);
    for (const entry of entries) {
      const { matterId, workedOn, recordedAt, clientId } = entry;
      const agreement = inForceOn(
        agreements.filter((one) => one.matterId === matterId),
        matterId,
        workedOn,
      );
      const checked = {
        ...entry,
        recordedOn: recordedAt.toZonedDateTimeISO(timeZone).toPlainDate(),
        incrementMinutes: agreement?.timeRounding.incrementMinutes ?? 1,
      };
      const findings = findingsOf(checked, days.get(dayOf(entry)) ?? [], inForceFor(guidelines, clientId));
      Object.assign(entry, { findings });
    }
  }
}

function inForceFor(guidelines: ReadonlyMap<string, Guidelines>, clientId: string): Guidelines {
  return guidelines.get(clientId) ?? SHIPPED_GUIDELINES;
}

function ofClients(tx: Tx, clientIds: readonly string[]): Promise<ClientGuidelines[]> {
  return tx.find(ClientGuidelines, { where: { tenantId: tx.tenantId, clientId: In([...new Set(clientIds)]) } });
}

type OfDay = Neighbour & Pick<TimeEntry, 'personId' | 'workedOn'>;

function dayOf({ personId, workedOn }: Pick<OfDay, 'personId' | 'workedOn'>): string {
  return `${personId} ${workedOn.toString()}`;
}

/** What the timekeepers of the entries have recorded on the days of the entries beside them. */
async function othersOf(tx: Tx, entries: readonly TimeEntry[]): Promise<OfDay[]> {
  const rows: Record<'id' | 'person_id' | 'day' | 'matter_id' | 'hours' | 'narrative' | 'worked_minutes', string>[] =
    await tx.query(
      `select e.id, e.person_id, e.worked_on::text as day, e.matter_id, e.hours, e.narrative, e.worked_minutes
       from (select distinct * from unnest($2::uuid[], $3::date[]) d (person_id, worked_on)) d
       join time_entries e using (person_id, worked_on)
       where e.tenant_id = $1 and e.status <> 'discarded' and not e.id = any($4::uuid[])`,
      [
        tx.tenantId,
        entries.map(({ personId }) => personId),
        entries.map(({ workedOn }) => workedOn.toString()),
        entries.map(({ id }) => id),
      ],
    );
  return rows.map((row) => ({
    id: row.id,
    personId: row.person_id,
    workedOn: Temporal.PlainDate.from(row.day),
    matterId: row.matter_id,
    hoursE4: parseE4(row.hours, 'hours'),
    narrative: row.narrative,
    workedMinutes: Number(row.worked_minutes),
  }));
}
