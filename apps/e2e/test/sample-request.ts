import { create, type DescField, type DescMessage, toBinary } from '@bufbuild/protobuf';
import { effectiveRule, type Rpc } from '@paradesk/contracts';
import { Format } from '@paradesk/contracts/paradesk/common/v1/field';

/** Ids of things of one tenant, by the noun of the field that takes them: `matter` for `matter_id` and `matter_ids`. */
export type IdsByNoun = ReadonlyMap<string, string>;

type Values = Record<string, unknown>;

/** An empty request of an RPC, encoded. */
export function emptyRequest({ descriptor: { input } }: Rpc): Buffer {
  return Buffer.from(toBinary(input, create(input)));
}

/** A request of an RPC, encoded, with no more than must be there. */
export function leastRequest({ descriptor: { input } }: Rpc): Buffer {
  return Buffer.from(toBinary(input, create(input, valuesOf(input, new Map()) as never)));
}

/** A request of an RPC, encoded, with ids in the field given and in those that must be there. */
export function requestNaming(rpc: Rpc, field: DescField, ids: IdsByNoun): Buffer {
  const { input } = rpc.descriptor;
  return Buffer.from(toBinary(input, create(input, valuesOf(input, ids, field) as never)));
}

/** A request for the first page of a list, one item long, or for the page of a token; undefined for RPCs without pages. */
export function pageRequest({ descriptor: { input } }: Rpc, token = ''): Buffer | undefined {
  if (!input.fields.some((field) => field.message?.typeName === 'paradesk.common.v1.PageRequest')) return undefined;
  const values = { ...valuesOf(input, new Map()), page: { size: 1, token } };
  return Buffer.from(toBinary(input, create(input, values as never)));
}

/** Fields of a request that take ids, those of messages in it among them. */
export function idFields(message: DescMessage): DescField[] {
  return message.fields.flatMap((field) =>
    field.message ? idFields(field.message) : nounOf(field) === undefined ? [] : [field],
  );
}

/** The noun whose ids a field takes: `matter` for `matter_id`. */
export function nounOf(field: DescField): string | undefined {
  const isId = field.fieldKind !== 'message' && effectiveRule(field).format === Format.UUID;
  return isId ? field.name.replace(/_ids?$/, '') : undefined;
}

// The field rules let it through. An id field of an unknown noun is an error: whoever adds an RPC must say what its ids are, so that none
// escapes the matrix.
function valuesOf(message: DescMessage, ids: IdsByNoun, named?: DescField): Values {
  const values: Values = {};
  for (const field of message.fields) {
    const value = valueOf(field, ids, named);
    if (value !== undefined) values[field.localName] = value;
  }
  return values;
}

function valueOf(field: DescField, ids: IdsByNoun, named: DescField | undefined): unknown {
  const wanted = effectiveRule(field).required || field === named || (named && holds(field.message, named));
  if (!wanted) return undefined;
  const noun = nounOf(field);
  if (noun !== undefined) {
    const id = ids.get(noun);
    if (id === undefined) throw new Error(`the matrix has no id for ${field.toString()}: add a ${noun}`);
    return field.fieldKind === 'list' ? [id] : id;
  }
  const one = singleValue(field, ids, named);
  return field.fieldKind === 'list' ? [one] : one;
}

function holds(message: DescMessage | undefined, named: DescField): boolean {
  return message?.fields.some((field) => field === named || holds(field.message, named)) ?? false;
}

function singleValue(field: DescField, ids: IdsByNoun, named: DescField | undefined): unknown {
  if (field.message) return knownMessages[field.message.typeName] ?? valuesOf(field.message, ids, named);
  if (field.enum) return 1;
  const rule = effectiveRule(field);
  if (rule.min !== undefined) return Number(rule.min);
  return texts[rule.format] ?? 'E101';
}

const knownMessages: Readonly<Record<string, Values>> = {
  'paradesk.common.v1.Date': { year: 2026, month: 2, day: 27 },
  'paradesk.common.v1.Money': { amountMinor: 100n, currencyCode: 'USD' },
  'google.api.HttpBody': { contentType: 'text/plain', data: Buffer.from('text') },
};

const texts: Partial<Record<Format, string>> = {
  [Format.CURRENCY]: 'USD',
  [Format.EMAIL]: 'somebody@example.com',
  [Format.TIME_ZONE]: 'UTC',
  [Format.DECIMAL]: '1',
};
