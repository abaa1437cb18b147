import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { effectiveRule } from './field-rules.js';
import { Format } from './gen/paradesk/common/v1/field.js';
import { Role, TaskClass } from './gen/paradesk/common/v1/rule.js';
import { rpcs, type Rpc } from './registry.js';

const services = ['assignment', 'billing', 'communications', 'documents', 'identity'];
const named = (list: readonly Rpc[]) => list.map((rpc) => [rpc.path.slice(1), rpc] as const);
const guarded = rpcs().filter((rpc) => !rpc.rule?.public);
const bound = rpcs().filter((rpc) => rpc.http !== undefined);

/** RPCs that only services and operators call: why each has no REST address. */
const withoutRest: Readonly<Record<string, string>> = {
  'paradesk.assignment.v1.MattersService/GetMatterState': 'services only',
  'paradesk.identity.v1.AuditHeadsService/NotarizeHead': 'services only',
  'paradesk.operations.v1.ParkedEventsService/ListParkedEvents': 'operators only: npm run ops',
  'paradesk.operations.v1.ParkedEventsService/RedriveParkedEvents': 'operators only: npm run ops',
  'paradesk.operations.v1.ParkedEventsService/DiscardParkedEvent': 'operators only: npm run ops',
};

/** Fields that are called an id and are none: whose code each is. */
const codesOfOthers: Readonly<Record<string, string>> = {
  'paradesk.billing.v1.CheckLedesRequest.timekeeper_ids': 'TIMEKEEPER_IDs of a LEDES file',
  'paradesk.billing.v1.CheckLedesRequest.client_matter_ids': 'CLIENT_MATTER_IDs of a LEDES file',
  'paradesk.identity.v1.CreateTenantRequest.tax_id': 'the federal tax ID that the IRS gave',
};

describe('the rule of an RPC', () => {
  it.each(named(rpcs()))('%s states the class of its work', (_path, { rule }) => {
    expect([TaskClass.ADMINISTRATIVE, TaskClass.SUBSTANTIVE, TaskClass.RESERVED]).toContain(rule?.taskClass);
  });

  it.each(named(guarded))('%s names roles, each once', (_path, { rule }) => {
    const roles = rule?.roles ?? [];
    expect(roles.length).toBeGreaterThan(0);
    expect(new Set(roles).size).toBe(roles.length);
    for (const role of roles) expect(Role[role]).toEqual(expect.any(String));
    expect(roles).not.toContain(Role.UNSPECIFIED);
  });

  it('lets nobody but these be called without a token', () => {
    const open = rpcs().filter((rpc) => rpc.rule?.public);
    expect(open.map((rpc) => rpc.path)).toEqual([
      // It is about the file that is sent, and nothing else.
      '/paradesk.billing.v1.LedesService/CheckLedes',
      '/paradesk.identity.v1.TokensService/ExchangeApiKey',
      '/paradesk.identity.v1.TokensService/IssueAccessToken',
      '/paradesk.identity.v1.TokensService/ExchangeAccessToken',
      '/paradesk.identity.v1.TokensService/IssueServiceToken',
      '/paradesk.identity.v1.TokensService/ListPublicKeys',
      // What a browser is signed in with is a secret in the request, as an API key is.
      '/paradesk.identity.v1.SessionsService/OpenSession',
      '/paradesk.identity.v1.SessionsService/ExchangeSession',
      '/paradesk.identity.v1.SessionsService/GetCurrentSession',
      '/paradesk.identity.v1.SessionsService/CloseSession',
    ]);
    for (const rpc of open) expect(rpc.rule?.roles).toEqual([]);
  });

  it.each(named(guarded))('%s keeps to the role boundary', (_path, { rule }) => {
    // A virtual assistant does administrative work only; what is reserved is the attorney's.
    const roles = rule?.roles ?? [];
    if (rule?.taskClass !== TaskClass.ADMINISTRATIVE) expect(roles).not.toContain(Role.VIRTUAL_ASSISTANT);
    if (rule?.taskClass === TaskClass.RESERVED) expect(roles).toEqual([Role.ATTORNEY]);
  });
});

describe('an RPC', () => {
  it('has a path of its own', () => {
    const paths = rpcs().map((rpc) => rpc.path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.length).toBeGreaterThan(40);
  });

  it.each(named(rpcs()))('%s belongs to one of the five services, or to each of them', (_path, rpc) => {
    expect([...services, undefined]).toContain(rpc.owner);
    expect(rpc.service).toMatch(
      new RegExp(`^paradesk\\.${rpc.owner ?? '(audit|operations)'}\\.v1\\.[A-Z][A-Za-z]+Service$`),
    );
    expect(rpc.path).toBe(`/${rpc.service}/${rpc.method}`);
  });

  it.each(named(rpcs()))('%s may be sent again where it changes nothing', (_path, rpc) => {
    if (rpc.readOnly) expect(rpc.idempotent).toBe(true);
    expect(rpc.readOnly).toBe(/^(Get|List|Download|Watch)/.test(rpc.method));
  });
});

describe('the REST address', () => {
  it.each(named(guarded))('%s has one, or a reason why it has none', (path, rpc) => {
    if (withoutRest[path] === undefined) expect(rpc.http).toBeDefined();
    else expect(rpc.http).toBeUndefined();
  });

  it('is only left out with a reason for RPCs that exist', () => {
    const paths = rpcs().map((rpc) => rpc.path.slice(1));
    expect(Object.keys(withoutRest).filter((path) => !paths.includes(path))).toEqual([]);
  });

  it('belongs to one RPC, whatever its variables are called', () => {
    const addresses = bound.map(({ http }) => `${http?.verb} ${http?.path.replaceAll(/\{\w+\}/g, '{}')}`);
    expect(addresses.filter((address, index) => addresses.indexOf(address) !== index)).toEqual([]);
  });

  it.each(named(bound))('%s is a GET where it changes nothing, and only there', (_path, { http, readOnly }) => {
    expect(http?.verb === 'get').toBe(readOnly);
    if (readOnly) expect(http?.body).toBe('');
  });

  it.each(named(bound))(
    '%s is versioned and takes its variables from required fields',
    (_path, { http, descriptor }) => {
      expect(http?.path).toMatch(/^\/v1(\/([a-z][A-Za-z]*|\{\w+\}))+(:[a-z][A-Za-z]*)?$/);
      for (const [, name = ''] of http?.path.matchAll(/\{(\w+)\}/g) ?? []) {
        const field = descriptor.input.fields.find((candidate) => candidate.name === name);
        expect(field && effectiveRule(field)).toMatchObject({ required: true, format: Format.UUID });
      }
    },
  );

  it.each(named(bound))('%s has a body that is a field, or all', (_path, { http, descriptor }) => {
    const bodies = ['', '*', ...descriptor.input.fields.map((field) => field.name)];
    expect(bodies).toContain(http?.body);
  });
});

describe('a request', () => {
  const requests = [...new Map(rpcs().map(({ descriptor: { input } }) => [input.typeName, input])).values()];
  const fields = [...new Set(requests.flatMap((request) => fieldsWithin(request)))];
  const ids = fields.filter((field) => /(^|_)ids?$/.test(field.name));

  it.each(ids.map((field) => [`${field.parent.typeName}.${field.name}`, field] as const))(
    '%s is a UUID, or the code of somebody else',
    (name, field) => {
      const { format } = effectiveRule(field);
      expect(format).toBe(codesOfOthers[name] === undefined ? Format.UUID : Format.TEXT);
    },
  );

  // Field rules know texts, numbers, enums, messages and lists: what they do not know would go unchecked.
  it.each(fields.map((field) => [`${field.parent.typeName}.${field.name}`, field] as const))(
    '%s is of a kind that field rules check',
    (_name, field) => {
      expect(field.fieldKind).not.toBe('map');
      expect(field.oneof).toBeUndefined();
      if (field.fieldKind !== 'message') expect(field.presence).not.toBe(FeatureSet_FieldPresence.EXPLICIT);
      const limits = effectiveRule(field);
      if (limits.format !== Format.UNSPECIFIED) expect(scalarOf(field)).toBe(ScalarType.STRING);
      if (limits.min !== undefined && limits.max !== undefined) expect(limits.min).toBeLessThanOrEqual(limits.max);
    },
  );
});

describe('an answer', () => {
  // An answer that is kept under an idempotency key is stored without its secrets, which are looked for at the top only.
  it.each(named(rpcs()))('%s has secrets at its top only', (_path, { descriptor: { output } }) => {
    const deeper = fieldsWithin(output).filter((field) => field.parent !== output);
    expect(deeper.filter((field) => field.proto.options?.debugRedact).map(String)).toEqual([]);
    const secrets = output.fields.filter((field) => field.proto.options?.debugRedact);
    for (const field of secrets) expect(field).toMatchObject({ fieldKind: 'scalar', scalar: ScalarType.STRING });
  });
});

/** All fields of a message of Paradesk, and of those in it. */
function fieldsWithin(message: DescMessage, seen = new Set<DescMessage>()): DescField[] {
  if (seen.has(message) || !message.typeName.startsWith('paradesk.')) return [];
  seen.add(message);
  return message.fields.flatMap((field) => [field, ...(field.message ? fieldsWithin(field.message, seen) : [])]);
}

function scalarOf(field: DescField): ScalarType | undefined {
  return field.fieldKind === 'scalar' || (field.fieldKind === 'list' && field.listKind === 'scalar')
    ? field.scalar
    : undefined;
}
