import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { effectiveRule, violationsOf } from './field-rules.js';
import { RecordTimeRequest } from './gen/paradesk/billing/v1/time_entries.js';
import { Format } from './gen/paradesk/common/v1/field.js';
import { registry, rpcs } from './registry.js';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const LAST_DAY = { year: 2026, month: 2, day: 27 };
const FILE = { contentType: 'text/plain', data: Buffer.from('x'), extensions: [] };

/** A request of each kind that the rules let through. */
const valid = {
  'identity.v1.CreateClientRequest': { code: 'ACME', name: 'Acme LLP', kind: 1, addressLines: ['1 Main St'] },
  'identity.v1.AddContactRequest': { clientId: ID, name: 'Ada Low', email: 'ada@acme.example', purpose: 1 },
  'identity.v1.CreateTenantRequest': {
    name: 'Paralegals Inc',
    timeZone: 'America/Los_Angeles',
    taxId: '12-3456789',
    addressLines: [],
    email: 'office@paralegals.example',
  },
  'identity.v1.ListPeopleRequest': { page: undefined, timekeeperCode: '', role: 0 },
  'assignment.v1.OpenMatterRequest': {
    clientId: ID,
    code: 'M-1',
    clientMatterCode: '',
    name: 'Acme v. Bolt',
    practiceArea: 1,
    jurisdiction: 'California',
    instructions: 'First line\r\n\tsecond line',
    parties: [{ name: 'Bolt GmbH', side: 1 }],
    supervisingAttorneyId: ID,
    walls: [],
  },
  'billing.v1.RecordTimeRequest': {
    matterId: ID,
    personId: '',
    workedOn: LAST_DAY,
    minutes: 6,
    narrative: 'Drafted the réponse 📄',
    taskCode: '',
    activityCode: '',
    lockOverrideReason: '',
    taskKind: '',
  },
  'billing.v1.RecordExpenseRequest': {
    matterId: ID,
    incurredOn: LAST_DAY,
    expenseCode: 'E101',
    units: '12',
    unitCost: '0.25',
    narrative: 'Copies',
    lockOverrideReason: '',
  },
  'billing.v1.CreateAgreementRequest': {
    matterId: ID,
    clientId: '',
    currencyCode: 'USD',
    validFrom: LAST_DAY,
    paymentTermsDays: 30,
    timeRounding: { incrementMinutes: 6, mode: 0, enforced: false },
    rates: [{ personId: ID, hourlyRate: { amountMinor: 9500n, currencyCode: 'USD' } }],
  },
  'billing.v1.ApproveTimeEntriesRequest': { timeEntryIds: [ID] },
  'billing.v1.DraftInvoiceRequest': {
    clientId: ID,
    billingStart: LAST_DAY,
    billingEnd: LAST_DAY,
    matterIds: [],
    entryIds: [],
  },
  'documents.v1.UploadDocumentRequest': {
    clientId: ID,
    matterId: '',
    folder: '',
    name: 'a.txt',
    file: FILE,
    matterIds: [],
  },
  'documents.v1.DownloadDocumentRequest': { documentId: ID, version: 0 },
};

const messageOf = (name: string) => registry().getMessage(`paradesk.${name}`)!;
const controls = [...Array(0x20).keys(), 0x7f, 0x80, 0x9f].filter((code) => ![0x09, 0x0a, 0x0d].includes(code));

describe('a request that keeps to the rules', () => {
  it.each(Object.entries(valid))('%s goes on', (name, request) => {
    expect(violationsOf(messageOf(name), request)).toEqual([]);
  });

  it.each<[string, keyof typeof valid, object]>([
    ['a text as long as it may be', 'identity.v1.CreateClientRequest', { code: 'x'.repeat(20) }],
    ['as many items as there may be', 'identity.v1.CreateClientRequest', { addressLines: Array(6).fill('line') }],
    ['the least number', 'billing.v1.RecordTimeRequest', { minutes: 1 }],
    ['the greatest number', 'billing.v1.RecordTimeRequest', { minutes: 1440 }],
    ['zero where it is the least', 'billing.v1.CreateAgreementRequest', { paymentTermsDays: 0 }],
    ['a UUID in upper case', 'billing.v1.RecordTimeRequest', { matterId: ID.toUpperCase() }],
    ['an optional id', 'billing.v1.RecordTimeRequest', { personId: ID }],
    ['an optional message that is absent', 'billing.v1.CreateAgreementRequest', { timeRounding: undefined }],
    ['an optional list that is empty', 'billing.v1.CreateAgreementRequest', { rates: [] }],
    ['a negative decimal', 'billing.v1.RecordExpenseRequest', { unitCost: '-12.3456' }],
    ['a decimal with zeros at its end', 'billing.v1.RecordExpenseRequest', { unitCost: '12.500000' }],
    ['a currency of three decimals', 'billing.v1.CreateAgreementRequest', { currencyCode: 'KWD' }],
    ['UTC', 'identity.v1.CreateTenantRequest', { timeZone: 'UTC' }],
    ['an address with a plus', 'identity.v1.AddContactRequest', { email: 'a.b+c@mail.acme.example' }],
    ['the code of somebody else in a field called an id', 'identity.v1.CreateTenantRequest', { taxId: 'no UUID' }],
    ['a surrogate pair', 'identity.v1.AddContactRequest', { name: '𝒜da' }],
    ['an empty file', 'documents.v1.UploadDocumentRequest', { file: { ...FILE, data: Buffer.alloc(0) } }],
    ['an enum that is optional and not stated', 'identity.v1.ListPeopleRequest', { role: 0 }],
  ])('%s', (_name, kind, change) => {
    expect(violationsOf(messageOf(kind), { ...valid[kind], ...change })).toEqual([]);
  });

  it('is let through as it was decoded, int64 and all', () => {
    const decoded = RecordTimeRequest.decode(
      RecordTimeRequest.encode(RecordTimeRequest.fromPartial(valid['billing.v1.RecordTimeRequest'])).finish(),
    );
    expect(violationsOf(messageOf('billing.v1.RecordTimeRequest'), decoded)).toEqual([]);
  });
});

describe('a request is refused by field', () => {
  it.each<[string, keyof typeof valid, object, string, string]>([
    ['a missing text', 'identity.v1.CreateClientRequest', { code: '' }, 'code', 'must not be empty'],
    ['a blank text', 'identity.v1.CreateClientRequest', { name: ' \t\u2003' }, 'name', 'must not be blank'],
    [
      'a text too long',
      'identity.v1.CreateClientRequest',
      { code: 'x'.repeat(21) },
      'code',
      'is 21 characters long, at most 20 are taken',
    ],
    [
      'an optional text too long',
      'billing.v1.RecordTimeRequest',
      { taskCode: 'L'.repeat(21) },
      'taskCode',
      'is 21 characters long, at most 20 are taken',
    ],
    ['a missing id', 'billing.v1.RecordTimeRequest', { matterId: '' }, 'matterId', 'must not be empty'],
    ['an id that is no UUID', 'billing.v1.RecordTimeRequest', { matterId: 'M-1' }, 'matterId', 'must be a UUID'],
    [
      'an optional id that is no UUID',
      'billing.v1.RecordTimeRequest',
      { personId: `${ID} ` },
      'personId',
      'must be a UUID',
    ],
    ['a UUID in braces', 'billing.v1.RecordTimeRequest', { matterId: `{${ID}}` }, 'matterId', 'must be a UUID'],
    ['a number too small', 'billing.v1.RecordTimeRequest', { minutes: 0 }, 'minutes', 'is 0, at least 1 is needed'],
    [
      'a negative number',
      'documents.v1.DownloadDocumentRequest',
      { version: -1 },
      'version',
      'is -1, at least 0 is needed',
    ],
    [
      'a number too great',
      'billing.v1.RecordTimeRequest',
      { minutes: 1441 },
      'minutes',
      'is 1441, at most 1440 is taken',
    ],
    ['an enum not stated', 'identity.v1.CreateClientRequest', { kind: 0 }, 'kind', 'is missing'],
    ['an enum unknown here', 'identity.v1.CreateClientRequest', { kind: 99 }, 'kind', 'has no value 99'],
    ['an optional enum unknown here', 'identity.v1.ListPeopleRequest', { role: -1 }, 'role', 'has no value -1'],
    ['a missing message', 'billing.v1.RecordTimeRequest', { workedOn: undefined }, 'workedOn', 'is missing'],
    ['a missing file', 'documents.v1.UploadDocumentRequest', { file: undefined }, 'file', 'is missing'],
    [
      'a list that is empty',
      'billing.v1.ApproveTimeEntriesRequest',
      { timeEntryIds: [] },
      'timeEntryIds',
      'must not be empty',
    ],
    [
      'a list too long',
      'identity.v1.CreateClientRequest',
      { addressLines: Array(7).fill('line') },
      'addressLines',
      'has 7 items, at most 6 are taken',
    ],
    [
      'a list too long for the default',
      'billing.v1.DraftInvoiceRequest',
      { matterIds: Array(201).fill(ID) },
      'matterIds',
      'has 201 items, at most 200 are taken',
    ],
    [
      'an item that is empty',
      'identity.v1.CreateClientRequest',
      { addressLines: ['1 Main St', ''] },
      'addressLines[1]',
      'must not be empty',
    ],
    [
      'an item too long',
      'identity.v1.CreateClientRequest',
      { addressLines: ['x'.repeat(81)] },
      'addressLines[0]',
      'is 81 characters long, at most 80 are taken',
    ],
    [
      'an item that is no UUID',
      'billing.v1.ApproveTimeEntriesRequest',
      { timeEntryIds: [ID, 'two'] },
      'timeEntryIds[1]',
      'must be a UUID',
    ],
    [
      'a field of an item',
      'assignment.v1.OpenMatterRequest',
      {
        parties: [
          { name: 'A', side: 1 },
          { name: '', side: 1 },
        ],
      },
      'parties[1].name',
      'must not be empty',
    ],
    [
      'an enum of an item',
      'assignment.v1.OpenMatterRequest',
      { parties: [{ name: 'A', side: 0 }] },
      'parties[0].side',
      'is missing',
    ],
    [
      'a message missing in an item',
      'billing.v1.CreateAgreementRequest',
      { rates: [{ personId: ID, hourlyRate: undefined }] },
      'rates[0].hourlyRate',
      'is missing',
    ],
    [
      'a field of a message',
      'billing.v1.CreateAgreementRequest',
      { timeRounding: { incrementMinutes: 61, mode: 0, enforced: false } },
      'timeRounding.incrementMinutes',
      'is 61, at most 60 is taken',
    ],
    [
      'an enum of a message',
      'billing.v1.CreateAgreementRequest',
      { timeRounding: { incrementMinutes: 6, mode: 9, enforced: false } },
      'timeRounding.mode',
      'has no value 9',
    ],
  ])('%s', (_name, kind, change, field, description) => {
    expect(violationsOf(messageOf(kind), { ...valid[kind], ...change })).toEqual([{ field, description }]);
  });

  it.each([
    ['no at sign', 'ada.acme.example'],
    ['no domain', 'ada@'],
    ['a domain without a dot', 'ada@acme'],
    ['two at signs', 'ada@acme@example.com'],
    ['a name around it', 'Ada <ada@acme.example>'],
    ['a second address', 'ada@acme.example,bob@acme.example'],
    ['a line break, which would be a header of its own', 'ada@acme.example\nBcc: eve@x.example'],
    ['more than a mail server takes', `${'a'.repeat(250)}@acme.example`],
  ])('an e-mail address with %s', (_name, email) => {
    const request = { ...valid['identity.v1.AddContactRequest'], email };
    expect(violationsOf(messageOf('identity.v1.AddContactRequest'), request)).toEqual([
      { field: 'email', description: 'must be an e-mail address' },
    ]);
  });

  it.each([
    ['in lower case', 'usd'],
    ['that there is not', 'ZZZ'],
    ['by its sign', '$'],
    ['by its number', '840'],
  ])('a currency %s', (_name, currencyCode) => {
    const request = { ...valid['billing.v1.CreateAgreementRequest'], currencyCode };
    expect(violationsOf(messageOf('billing.v1.CreateAgreementRequest'), request)).toEqual([
      { field: 'currencyCode', description: expect.stringContaining('ISO 4217') },
    ]);
  });

  it.each([
    ['by its offset', '+01:00'],
    ['that there is not', 'America/Gotham'],
    ['by the name of a city', 'Los Angeles'],
  ])('a time zone %s', (_name, timeZone) => {
    const request = { ...valid['identity.v1.CreateTenantRequest'], timeZone };
    expect(violationsOf(messageOf('identity.v1.CreateTenantRequest'), request)).toEqual([
      { field: 'timeZone', description: expect.stringContaining('IANA') },
    ]);
  });

  it.each([
    ['five decimals', '0.12345'],
    ['a comma', '1,5'],
    ['an exponent', '1e3'],
    ['hexadecimal digits', '0x10'],
    ['no digit', '.'],
    ['a space', ' 1'],
    ['digits of another script', '١'],
    ['more digits than any amount has', '1'.repeat(61)],
    ['no number', 'NaN'],
  ])('a decimal with %s', (_name, units) => {
    const request = { ...valid['billing.v1.RecordExpenseRequest'], units };
    expect(violationsOf(messageOf('billing.v1.RecordExpenseRequest'), request)).toEqual([
      { field: 'units', description: 'must be a decimal number with at most four decimals' },
    ]);
  });

  it.each(controls.map((code) => [code.toString(16).padStart(2, '0'), String.fromCharCode(code)] as const))(
    'the control character %s',
    (_code, character) => {
      const request = { ...valid['billing.v1.RecordTimeRequest'], narrative: `Call${character}with Bolt` };
      expect(violationsOf(messageOf('billing.v1.RecordTimeRequest'), request)).toEqual([
        { field: 'narrative', description: 'contains a control character' },
      ]);
    },
  );

  it.each([
    ['the first half of a surrogate pair', 'a\ud835'],
    ['the second half', '\udc9cb'],
    ['the halves the wrong way round', '\udc9c\ud835'],
  ])('ill-formed Unicode: %s', (_name, narrative) => {
    const request = { ...valid['billing.v1.RecordTimeRequest'], narrative };
    expect(violationsOf(messageOf('billing.v1.RecordTimeRequest'), request)).toEqual([
      { field: 'narrative', description: 'is no well-formed Unicode' },
    ]);
  });

  it('all of them at once, in the order of the fields', () => {
    const empty = RecordTimeRequest.decode(new Uint8Array());
    expect(violationsOf(messageOf('billing.v1.RecordTimeRequest'), empty).map(({ field }) => field)).toEqual([
      'matterId',
      'workedOn',
      'minutes',
      'narrative',
    ]);
  });

  it('without more violations than an answer can carry', () => {
    const request = { timeEntryIds: Array<string>(5000).fill('no UUID') };
    const violations = violationsOf(messageOf('billing.v1.ApproveTimeEntriesRequest'), request);
    expect(violations).toHaveLength(20);
    expect(violations[0]).toEqual({ field: 'timeEntryIds[0]', description: 'must be a UUID' });
  });
});

describe('every request of the contracts', () => {
  const requests = [...new Map(rpcs().map(({ descriptor: { input } }) => [input.typeName, input])).entries()];

  it.each(requests)('%s is let through where it keeps to its rules', (_name, request) => {
    fc.assert(fc.property(messages(request), (value) => expect(violationsOf(request, value)).toEqual([])));
  });

  it.each(requests)('%s is refused without what it must have, field by field', (_name, request) => {
    const required = request.fields.filter((field) => effectiveRule(field).required);
    const empty = Object.fromEntries(request.fields.map((field) => [field.jsonName, absent(field)]));
    const refused = violationsOf(request, empty).map(({ field }) => field);
    expect(refused).toEqual(required.map((field) => field.jsonName));
  });
});

/** Messages as ts-proto decodes them, made from the rules: what is not required is sometimes absent. */
function messages(message: DescMessage): fc.Arbitrary<object> {
  return fc.record(Object.fromEntries(message.fields.map((field) => [field.jsonName, values(field)])));
}

function values(field: DescField): fc.Arbitrary<unknown> {
  const { required, maxItems } = effectiveRule(field);
  if (field.fieldKind === 'list')
    return fc.array(present(field), { minLength: required ? 1 : 0, maxLength: Math.min(maxItems, 4) });
  return required ? present(field) : fc.oneof(fc.constant(absent(field)), present(field));
}

function present(field: DescField): fc.Arbitrary<unknown> {
  const rule = effectiveRule(field);
  if (field.message)
    return field.message.typeName.startsWith('paradesk.') ? messages(field.message) : fc.constant(FILE);
  if (field.enum)
    return fc.constantFrom(...field.enum.values.map(({ number }) => number).filter((number) => number > 0));
  switch (scalarOf(field)) {
    case ScalarType.STRING:
      return texts(rule.format, rule.maxLength);
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.INT64:
      return fc.bigInt({ min: rule.min ?? -(2n ** 63n), max: rule.max ?? 2n ** 63n - 1n });
    default:
      return fc.integer({ min: Number(rule.min ?? -(2n ** 31n)), max: Number(rule.max ?? 2n ** 31n - 1n) });
  }
}

function texts(format: Format, maxLength: number): fc.Arbitrary<string> {
  switch (format) {
    case Format.UUID:
      return fc.uuid();
    case Format.CURRENCY:
      return fc.constantFrom('USD', 'JPY', 'KWD', 'EUR');
    case Format.EMAIL:
      return fc.emailAddress().filter((email) => /^[\w.+-]+@/.test(email));
    case Format.TIME_ZONE:
      return fc.constantFrom('UTC', 'America/New_York', 'Asia/Kolkata');
    case Format.DECIMAL:
      return fc.tuple(fc.integer(), fc.nat({ max: 9999 })).map(([whole, part]) => `${whole}.${part}`);
    default:
      return fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: Math.min(maxLength, 40) })
        .filter((text) => text.trim() !== '' && text.length <= maxLength);
  }
}

function absent(field: DescField): unknown {
  if (field.fieldKind === 'list') return [];
  if (field.message) return undefined;
  if (field.enum) return 0;
  const empty: Partial<Record<ScalarType, unknown>> = {
    [ScalarType.STRING]: '',
    [ScalarType.BOOL]: false,
    [ScalarType.INT64]: 0n,
  };
  return empty[scalarOf(field)!] ?? 0;
}

function scalarOf(field: DescField): ScalarType | undefined {
  if (field.fieldKind === 'scalar') return field.scalar;
  return field.fieldKind === 'list' && field.listKind === 'scalar' ? field.scalar : undefined;
}
