import { describe, expect, it } from '@jest/globals';
import { Client } from './client.entity.js';
import type { NewContact } from './contact.entity.js';

const TENANT = '01890000-0000-7000-8000-000000000001';
const CLIENT = '01890000-0000-7000-8000-000000000002';

const billing: NewContact = { name: 'Amara Okafor', email: 'amara@okafor.example', purpose: 'BILLING' };

describe('a client', () => {
  it.each<[string, readonly NewContact[]]>([
    ['its first contact', []],
    ['the same person for another purpose', [{ ...billing, purpose: 'MATTERS' }]],
    ['another person for the same purpose', [{ ...billing, email: 'bo@okafor.example' }]],
  ])('takes %s and raises its version by one', (_, present) => {
    const client = aClientWith(present);
    const before = client.version;

    const contact = client.addContact('new', billing);

    expect(client.version).toBe(before + 1);
    expect(client.contacts.at(-1)).toBe(contact);
    expect(contact).toMatchObject({ ...billing, tenantId: TENANT, clientId: CLIENT });
    expectInvariants(client);
  });

  it.each<[string, Partial<NewContact>]>([
    ['twice', {}],
    ['twice in another case', { email: 'Amara@Okafor.EXAMPLE' }],
    ['twice under another name', { name: 'A. Okafor' }],
  ])('refuses the same address for the same purpose %s', (_, overrides) => {
    const client = aClientWith([billing]);

    expect(() => client.addContact('new', { ...billing, ...overrides })).toThrow(
      expect.objectContaining({ kind: 'conflict', reason: 'CONTACT_EXISTS' }),
    );

    expect(client).toMatchObject({ version: 2, contacts: [{ email: billing.email }] });
    expectInvariants(client);
  });

  it('refuses a contact beyond the 200th', () => {
    const client = aClientWith(
      Array.from({ length: 200 }, (_, index) => ({ ...billing, email: `${index}@okafor.example` })),
    );

    expect(() => client.addContact('new', billing)).toThrow(
      expect.objectContaining({ kind: 'refused', reason: 'TOO_MANY_CONTACTS' }),
    );

    expectInvariants(client);
  });

  it('takes of loaded contacts only its own', () => {
    const other = Client.create(TENANT, 'other', { code: 'O', name: 'Other', kind: 'LAW_FIRM', addressLines: [] });
    const theirs = other.addContact('theirs', billing);
    const client = aClientWith([]);

    expect(client.withContacts([theirs]).contacts).toEqual([]);
    expect(other.withContacts([theirs]).contacts).toEqual([theirs]);
  });
});

function aClientWith(contacts: readonly NewContact[]): Client {
  const client = Client.create(TENANT, CLIENT, { code: 'OL', name: 'Okafor', kind: 'LAW_FIRM', addressLines: [] });
  contacts.forEach((contact, index) => client.addContact(`contact-${index}`, contact));
  return client;
}

function expectInvariants(client: Client): void {
  const addresses = client.contacts.map(({ email, purpose }) => `${purpose} ${email.toLowerCase()}`);
  expect(new Set(addresses).size).toBe(addresses.length);
  expect(client.version).toBe(1 + client.contacts.length);
}
