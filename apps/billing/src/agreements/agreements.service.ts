import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { In } from 'typeorm';
import { listById } from '../billable-work/captured-work.queries.js';
import { Matter } from '../matters/matter.entity.js';
import { MattersService } from '../matters/matters.service.js';
import { PeopleService } from '../people/people.service.js';
import { Agreement, AgreementRate, inForceOn, type Terms } from './agreement.entity.js';

@Injectable()
export class AgreementsService {
  constructor(
    private readonly database: Database,
    private readonly matters: MattersService,
    private readonly people: PeopleService,
    private readonly ids: Ids,
  ) {}

  async create(caller: Caller, matterId: string, terms: Terms): Promise<Agreement> {
    const matter = await this.matters.require(caller, matterId);
    const agreement = Agreement.create(caller.tenantId, this.ids.next(), matter, terms);
    await this.people.requireAll(
      caller,
      terms.rates.map((rate) => rate.personId),
    );
    return this.database.transaction(caller, async (tx) => {
      await refuseOverlap(tx, agreement);
      await tx.insert(Agreement, agreement);
      await tx.insert(AgreementRate, ratesOf(agreement));
      return agreement;
    });
  }

  async get(caller: Caller, id: string): Promise<Agreement> {
    return this.database.transaction(caller, async (tx) => {
      const agreement = await tx.findOne(Agreement, { where: { tenantId: tx.tenantId, id } });
      if (!agreement) throw DomainError.notFound('agreement', id);
      await loadRates(tx, [agreement]);
      return agreement;
    });
  }

  async list(
    caller: Caller,
    filter: { matterId: string; clientId: string },
    page: PageRequest | undefined,
  ): Promise<{ items: Agreement[]; page: PageResult }> {
    return this.database.transaction(caller, async (tx) => {
      const list = await listById(tx, Agreement, filter, page);
      await loadRates(tx, list.items);
      return list;
    });
  }

  /** The agreement that is valid for the matter on the day. @throws DomainError refused NO_AGREEMENT */
  async inForce(tx: Tx, matterId: string, on: Temporal.PlainDate): Promise<Agreement> {
    const agreement = inForceOn(await this.ofMatters(tx, [matterId]), matterId.toLowerCase(), on);
    if (agreement) return agreement;
    throw noAgreement(matterId, on);
  }

  /** All agreements of the matters, with their rates: for files of many lines, which `inForceOn` then looks up. */
  async ofMatters(tx: Tx, matterIds: readonly string[]): Promise<Agreement[]> {
    const agreements = await tx.find(Agreement, { where: { tenantId: tx.tenantId, matterId: In([...matterIds]) } });
    await loadRates(tx, agreements);
    return agreements;
  }
}

/** The refusal of what needs an agreement on a day that has none. */
export function noAgreement(matterId: string, on: Temporal.PlainDate): DomainError {
  const message = `no agreement is in force for the matter on ${on.toString()}`;
  return DomainError.refused('NO_AGREEMENT', message, { matterId, day: on.toString() });
}

// Under the lock of the matter, so that of two callers at once the second sees the first one's agreement.
async function refuseOverlap(tx: Tx, { matterId, validFrom }: Agreement): Promise<void> {
  const { tenantId } = tx;
  await tx.findOne(Matter, { where: { tenantId, id: matterId }, lock: { mode: 'pessimistic_write' } });
  if (!(await tx.existsBy(Agreement, { tenantId, matterId, validFrom }))) return;
  const message = `the matter has an agreement from ${validFrom.toString()} on already`;
  throw DomainError.refused('AGREEMENT_OVERLAPS', message, { matterId, validFrom: validFrom.toString() });
}

function ratesOf({ tenantId, id, rates }: Agreement): AgreementRate[] {
  return rates.map(({ personId, hourlyRate }, position) =>
    Object.assign(new AgreementRate(), {
      tenantId,
      agreementId: id,
      personId,
      position,
      hourlyRateMinor: hourlyRate.amountMinor,
    }),
  );
}

async function loadRates(tx: Tx, agreements: readonly Agreement[]): Promise<void> {
  const agreementId = In(agreements.map((agreement) => agreement.id));
  const rates = await tx.find(AgreementRate, { where: { tenantId: tx.tenantId, agreementId } });
  const byAgreement = Map.groupBy(rates, (rate) => rate.agreementId);
  for (const agreement of agreements) agreement.withRates(byAgreement.get(agreement.id) ?? []);
}
