import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { listById } from '../billable-work/captured-work.queries.js';
import { FixedFeesService } from '../fixed-fees/fixed-fees.service.js';
import { AgreementCopies, type AgreedFor } from './agreement-copies.js';
import { Agreement, AgreementRate, inForceOn, type Terms } from './agreement.entity.js';
import {
  agreementsOfMatters,
  findAgreement,
  loadRates,
  lockAgreedFor,
  lockAgreement,
  ratesOf,
} from './agreement.queries.js';

@Injectable()
export class AgreementsService {
  constructor(
    private readonly database: Database,
    private readonly copies: AgreementCopies,
    private readonly fees: FixedFeesService,
    private readonly ids: Ids,
  ) {}

  async create(caller: Caller, agreedFor: AgreedFor, terms: Terms): Promise<Agreement> {
    const matter = await this.copies.require(caller, agreedFor, terms);
    const today = await this.fees.today(caller);
    const agreement = Agreement.create(caller.tenantId, this.ids.next(), matter, terms);
    return this.database.transaction(caller, async (tx) => {
      await lockAgreedFor(tx, agreement);
      await refuseOverlap(tx, agreement);
      await tx.insert(Agreement, agreement);
      await tx.insert(AgreementRate, ratesOf(agreement));
      if (!agreement.ofClient) await this.fees.begin(tx, agreement, await this.ofMatters(tx, [matter.id]), today);
      return agreement;
    });
  }

  /** Sets its last day. Work that was captured under it is billed by it still. @throws DomainError refused AGREEMENT_ENDED */
  async end(caller: Caller, id: string, validTo: Temporal.PlainDate): Promise<Agreement> {
    return this.database.transaction(caller, async (tx) => {
      const agreement = await lockAgreement(tx, id);
      agreement.end(validTo);
      await tx.update(Agreement, { tenantId: tx.tenantId, id: agreement.id }, { validTo: agreement.validTo });
      return agreement;
    });
  }

  async get(caller: Caller, id: string): Promise<Agreement> {
    return this.database.transaction(caller, (tx) => findAgreement(tx, id));
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

  /**
   * All agreements of the matters as each has them, its client's among them, with all rates that may apply: for files of many lines,
   * which `inForceOn` then looks up.
   */
  async ofMatters(tx: Tx, matterIds: readonly string[]): Promise<Agreement[]> {
    return agreementsOfMatters(tx, matterIds, { withRates: true });
  }

  /** As `ofMatters`, but for billing, which prices nothing: without rates. */
  async termsOfMatters(tx: Tx, matterIds: readonly string[]): Promise<Agreement[]> {
    return agreementsOfMatters(tx, matterIds, { withRates: false });
  }
}

/** The refusal of what needs an agreement on a day that has none. */
export function noAgreement(matterId: string, on: Temporal.PlainDate): DomainError {
  const message = `no agreement is in force for the matter on ${on.toString()}`;
  return DomainError.refused('NO_AGREEMENT', message, { matterId, day: on.toString() });
}

async function refuseOverlap(tx: Tx, { clientId, matterId, ofClient, validFrom }: Agreement): Promise<void> {
  const others: Agreement[] = await tx.find(Agreement, {
    where: { tenantId: tx.tenantId, validFrom, ...(ofClient ? { clientId } : { matterId }) },
  });
  if (!others.some((other) => (other.matterId === '') === ofClient)) return;
  const whose = ofClient ? 'client' : 'matter';
  const message = `the ${whose} has an agreement from ${validFrom.toString()} on already`;
  throw DomainError.refused('AGREEMENT_OVERLAPS', message, {
    ...(ofClient ? { clientId } : { matterId }),
    validFrom: validFrom.toString(),
  });
}
