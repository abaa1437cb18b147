import { DomainError } from '@paradesk/kernel';
import type { Tx } from '@paradesk/platform';
import { In, IsNull } from 'typeorm';
import { Client } from '../clients/client.entity.js';
import { Matter } from '../matters/matter.entity.js';
import type { RateRule } from '../rates/rate-precedence.js';
import { Rate } from '../rates/rate.entity.js';
import { Agreement, AgreementRate } from './agreement.entity.js';

/** The agreement with its rates. @throws DomainError not-found AGREEMENT_NOT_FOUND */
export async function findAgreement(tx: Tx, id: string): Promise<Agreement> {
  const agreement = await tx.findOne(Agreement, { where: { tenantId: tx.tenantId, id } });
  if (!agreement) throw DomainError.notFound('agreement', id);
  await loadRates(tx, [agreement]);
  return agreement;
}

/** As `findAgreement`, locked until the transaction ends. */
export async function lockAgreement(tx: Tx, id: string): Promise<Agreement> {
  const locked = await tx.findOne(Agreement, {
    where: { tenantId: tx.tenantId, id },
    lock: { mode: 'pessimistic_write' },
  });
  if (!locked) throw DomainError.notFound('agreement', id);
  await loadRates(tx, [locked]);
  return locked;
}

/** Locks what the agreement is for, so that of two callers at once the second sees the first one's agreement. */
export async function lockAgreedFor(tx: Tx, { ofClient, clientId, matterId }: Agreement): Promise<void> {
  const lock = { mode: 'pessimistic_write' } as const;
  const { tenantId } = tx;
  if (ofClient) await tx.findOne(Client, { where: { tenantId, id: clientId }, lock });
  else await tx.findOne(Matter, { where: { tenantId, id: matterId }, lock });
}

export function ratesOf({ tenantId, id, rates }: Agreement): AgreementRate[] {
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

export async function loadRates(tx: Tx, agreements: readonly Agreement[]): Promise<void> {
  const agreementId = In(agreements.map((agreement) => agreement.id));
  const rates = await tx.find(AgreementRate, { where: { tenantId: tx.tenantId, agreementId } });
  const byAgreement = Map.groupBy(rates, (rate) => rate.agreementId);
  for (const agreement of agreements) agreement.withRates(byAgreement.get(agreement.id) ?? []);
}

/** The agreements of matters as each has them, its client's among them. */
export async function agreementsOfMatters(
  tx: Tx,
  matterIds: readonly string[],
  { withRates }: { readonly withRates: boolean },
): Promise<Agreement[]> {
  const { tenantId } = tx;
  const matters = await tx.find(Matter, { where: { tenantId, id: In([...matterIds]) } });
  const clientIds = [...new Set(matters.map(({ clientId }) => clientId))];
  const found = await tx.find(Agreement, {
    where: [
      { tenantId, matterId: In(matters.map(({ id }) => id)) },
      { tenantId, clientId: In(clientIds), matterId: IsNull() },
    ],
  });
  if (withRates) await loadRates(tx, found);
  else for (const agreement of found) agreement.withRates([]);
  const rules = withRates ? await rulesFor(tx, matters) : [];
  const byMatter = Map.groupBy(found, ({ matterId }) => matterId);
  const ofClients = Map.groupBy(byMatter.get('') ?? [], ({ clientId }) => clientId);
  return matters.flatMap((matter) => {
    const ofClient = ofClients.get(matter.clientId) ?? [];
    const own = (byMatter.get(matter.id) ?? []).map((one) => one.onMatter(matter, [...rules, ...rulesOf(ofClient)]));
    return [...own, ...ofClient.map((one) => one.onMatter(matter, rules))];
  });
}

/** The rates that may price work on one of the matters. */
async function rulesFor(tx: Tx, matters: readonly Matter[]): Promise<RateRule[]> {
  const { tenantId } = tx;
  const rates = await tx.find(Rate, {
    where: [
      { tenantId, matterId: In(matters.map(({ id }) => id)) },
      { tenantId, clientId: In(matters.map(({ clientId }) => clientId)) },
      { tenantId, matterId: IsNull(), clientId: IsNull() },
    ],
  });
  return rates.map(({ rule }) => rule);
}

/** The rates that a client's agreements have for all of its matters, each until the next agreement begins. */
function rulesOf(agreements: readonly Agreement[]): RateRule[] {
  const inOrder = [...agreements].sort((one, other) =>
    one.validFrom.toString() < other.validFrom.toString() ? -1 : 1,
  );
  return inOrder.flatMap((agreement, index) => {
    const dayBefore = inOrder[index + 1]?.validFrom.subtract({ days: 1 });
    const { validTo } = agreement;
    const until = dayBefore && (validTo === null || dayBefore.toString() < validTo.toString()) ? dayBefore : validTo;
    return agreement.ownRules.map((rule) => ({ ...rule, validTo: until }));
  });
}
