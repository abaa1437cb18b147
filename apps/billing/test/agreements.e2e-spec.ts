import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Matter, MattersServiceService } from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { AgreementsServiceService, RoundingMode } from '@paradesk/contracts/paradesk/billing/v1/agreements';
import { PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError, newId } from '@paradesk/kernel';
import { aCaller, ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { aFirm, anAgreement, refusalOf, type Firm } from './builders.js';

let system: ServiceUnderTest;
let firm: Firm;

beforeAll(async () => {
  system = await ServiceUnderTest.start(billing);
  firm = await aFirm(system);
});
afterAll(() => system.stop());

const day = (month: number, dayOfMonth = 1) => ({ year: 2026, month, day: dayOfMonth });

describe('an agreement', () => {
  it('is recorded with its rates and the trade’s rounding, and read back the same', async () => {
    const created = await anAgreement(system, firm, { validFrom: day(1) });
    expect(created.timeRounding).toEqual({ incrementMinutes: 6, mode: RoundingMode.UP, enforced: false });
    expect(created.clientId).toBe(firm.client.id);
    const agreements = system.client(AgreementsServiceService, firm.billingManager);
    expect(await agreements.getAgreement({ agreementId: created.id })).toEqual(created);
    const list = await agreements.listAgreements({ matterId: firm.matter.id });
    expect(list.agreements).toContainEqual(created);
  });

  it('from the same day on as another is refused, of two callers at once one', async () => {
    const calls = await Promise.allSettled([1, 2, 3].map(() => anAgreement(system, firm, { validFrom: day(6) })));
    expect(calls.filter((call) => call.status === 'fulfilled').length).toBe(1);
    const refused = calls.find((call) => call.status === 'rejected') as PromiseRejectedResult;
    expect((refused.reason as DomainError).reason).toBe('AGREEMENT_OVERLAPS');
  });

  it.each([
    [
      'a rate in another currency',
      { currencyCode: 'EUR', rates: [[0, 'USD']] },
      'CURRENCY_MISMATCH',
      'rates[0].hourlyRate.currencyCode',
    ],
    [
      'a timekeeper twice',
      {
        currencyCode: 'USD',
        rates: [
          [0, 'USD'],
          [0, 'USD'],
        ],
      },
      'RATE_TWICE',
      'rates[1].personId',
    ],
  ] as const)('with %s is refused, naming it', async (_name, { currencyCode, rates }, reason, field) => {
    const refusal = await refusalOf(
      anAgreement(system, firm, {
        validFrom: day(9),
        currencyCode,
        rates: rates.map(([, code]) => ({
          personId: firm.paralegal.id,
          hourlyRate: { amountMinor: 1n, currencyCode: code },
        })),
      }),
    );
    expect(refusal.reason).toBe(reason);
    expect(refusal.fields).toEqual([field]);
  });

  it('asks the owners for a matter and a person that no event has brought yet', async () => {
    const [matterId, personId] = [newId(Date.now()), newId(Date.now())];
    system.peers.stub(MattersServiceService, {
      getMatterState: (request) => ({
        matter: Matter.fromPartial({ id: request.matterId, clientId: firm.client.id, code: 'M-9', version: 3 }),
      }),
    });
    system.peers.stub(PeopleServiceService, {
      getPerson: (request) => {
        if (request.personId !== personId) throw DomainError.notFound('person', request.personId);
        return {
          id: personId,
          firstName: 'Al',
          lastName: 'Roe',
          role: Role.PARALEGAL,
          timekeeperCode: 'PL9',
          version: 1,
        };
      },
    });
    const agreements = system.client(AgreementsServiceService, firm.billingManager);
    const terms = { currencyCode: 'USD', validFrom: day(1), matterId };
    const rateOf = (id: string) => ({ personId: id, hourlyRate: { amountMinor: 100n, currencyCode: 'USD' } });
    const created = await agreements.createAgreement({ ...terms, rates: [rateOf(personId)] });
    expect(created.matterId).toBe(matterId);
    const refusal = await refusalOf(
      agreements.createAgreement({ ...terms, validFrom: day(2), rates: [rateOf(newId(1))] }),
    );
    expect(refusal.reason).toBe('PERSON_NOT_FOUND');
  });

  it('of another tenant is not found, and its matter neither', async () => {
    const created = await anAgreement(system, firm, { validFrom: day(10) });
    const stranger = system.client(AgreementsServiceService, aCaller({ role: Role.BILLING_MANAGER }));
    expect((await refusalOf(stranger.getAgreement({ agreementId: created.id }))).reason).toBe('AGREEMENT_NOT_FOUND');
    expect((await stranger.listAgreements({})).agreements).toEqual([]);
  });

  it('is listed page by page, the oldest first, and a forged token is refused', async () => {
    const other = await aFirm(system);
    for (const month of [1, 2, 3]) {
      system.clock.advance({ seconds: 1 });
      await anAgreement(system, other, { validFrom: day(month) });
    }
    const agreements = system.client(AgreementsServiceService, other.billingManager);
    const first = await agreements.listAgreements({ page: { size: 2, token: '' } });
    const second = await agreements.listAgreements({ page: { size: 2, token: first.page?.nextToken ?? '' } });
    const months = [...first.agreements, ...second.agreements].map((agreement) => agreement.validFrom?.month);
    expect(months).toEqual([1, 2, 3]);
    expect(second.page?.nextToken).toBe('');
    const forged = Buffer.from('1:nothing').toString('base64url');
    expect((await refusalOf(agreements.listAgreements({ page: { size: 2, token: forged } }))).fields).toEqual([
      'page.token',
    ]);
  });
});
