import { ScalarType, type DescEnum, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { effectiveRule, type EffectiveRule } from '@paradesk/contracts';
import { Format } from '@paradesk/contracts/paradesk/common/v1/field';
import { commentOf } from './comments.js';

/** A JSON Schema (2020-12), as OpenAPI 3.1 takes it. */
export type Schema = Readonly<Record<string, unknown>>;

const UUID_OR_EMPTY = '^$|^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$';

/**
 * Collects the schemas of messages and enums. A message has up to two: what a request may hold (required fields as the rules demand,
 * limits, no field besides), and what an answer holds (every field but absent messages is there, since answers name defaults too).
 */
export class Schemas {
  /** By name, for `components.schemas`. */
  readonly all: Record<string, Schema> = {};

  /** A reference to the schema of an answer. */
  answer(message: DescMessage): Schema {
    return this.refer(message.name, () => this.answerSchema(message));
  }

  /** A reference to the schema of what a request holds, under `Input` unless the name says it. */
  request(message: DescMessage, without: readonly DescField[] = []): Schema {
    const name = message.name.endsWith('Request') ? message.name : `${message.name}Input`;
    return this.refer(name, () => this.requestSchema(message, without));
  }

  /** The schema of a field in a request. */
  requestField(field: DescField): Schema {
    const rule = effectiveRule(field);
    const isList = field.fieldKind === 'list';
    const value = this.requestValue(field, { ...rule, required: rule.required || isList });
    const description = commentOf(field);
    if (!isList) return { ...value, description };
    return { type: 'array', items: value, maxItems: rule.maxItems, ...(rule.required && { minItems: 1 }), description };
  }

  private refer(name: string, make: () => Schema): Schema {
    if (!(name in this.all)) {
      this.all[name] = {};
      this.all[name] = make();
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  private requestSchema(message: DescMessage, without: readonly DescField[]): Schema {
    const fields = message.fields.filter((field) => !without.includes(field));
    const required = fields.filter((field) => effectiveRule(field).required).map((field) => field.jsonName);
    const properties = Object.fromEntries(fields.map((field) => [field.jsonName, this.requestField(field)]));
    return objectSchema(message, properties, required);
  }

  private answerSchema(message: DescMessage): Schema {
    const always = message.fields.filter((field) => !field.message || field.fieldKind === 'list');
    const properties = Object.fromEntries(message.fields.map((field) => [field.jsonName, this.answerField(field)]));
    return objectSchema(
      message,
      properties,
      always.filter((field) => !field.oneof).map((field) => field.jsonName),
    );
  }

  private answerField(field: DescField): Schema {
    const { format } = effectiveRule(field);
    const value = field.message
      ? this.messageOf(field.message, false)
      : field.enum
        ? this.enumOf(field.enum)
        : answerScalar(field, format);
    const description = commentOf(field);
    return field.fieldKind === 'list' ? { type: 'array', items: value, description } : { ...value, description };
  }

  private requestValue(field: DescField, rule: EffectiveRule): Schema {
    if (field.message) return this.messageOf(field.message, true);
    if (!field.enum) return requestScalar(field, rule);
    const stated = field.enum.values.filter((value) => value.number !== 0).map((value) => value.name);
    return rule.required ? { type: 'string', enum: stated } : this.enumOf(field.enum);
  }

  private messageOf(message: DescMessage, request: boolean): Schema {
    if (message.typeName === 'google.protobuf.Timestamp') return { type: 'string', format: 'date-time' };
    return request ? this.request(message) : this.answer(message);
  }

  private enumOf(described: DescEnum): Schema {
    return this.refer(described.name, () => {
      const values = described.values.map((value) => `- \`${value.name}\`: ${commentOf(value)}`);
      return {
        type: 'string',
        enum: described.values.map((value) => value.name),
        description: [commentOf(described), '', ...values].join('\n'),
      };
    });
  }
}

function objectSchema(message: DescMessage, properties: Record<string, Schema>, required: readonly string[]): Schema {
  return {
    type: 'object',
    description: commentOf(message),
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

function scalarOf(field: DescField): ScalarType | undefined {
  return 'scalar' in field ? field.scalar : undefined;
}

function requestScalar(field: DescField, rule: EffectiveRule): Schema {
  const scalar = scalarOf(field);
  if (scalar !== ScalarType.STRING) return numberSchema(scalar, rule);
  const length = { ...(rule.required && { minLength: 1 }), maxLength: rule.maxLength };
  switch (rule.format) {
    case Format.UUID:
      return { type: 'string', format: 'uuid' };
    case Format.EMAIL:
      return { type: 'string', format: 'email', maxLength: 254 };
    case Format.CURRENCY:
      return { type: 'string', pattern: '^[A-Z]{3}$', examples: ['USD'] };
    case Format.DECIMAL:
      return { type: 'string', pattern: String.raw`^[+-]?\d{1,40}(\.\d{1,4})?$` };
    case Format.TIME_ZONE:
      return { type: 'string', ...length, examples: ['America/Los_Angeles'] };
    default:
      return { type: 'string', ...length, ...(rule.required && { pattern: String.raw`\S` }) };
  }
}

function answerScalar(field: DescField, format: Format): Schema {
  const scalar = scalarOf(field);
  if (scalar !== ScalarType.STRING) return numberSchema(scalar, undefined);
  if (format === Format.UUID)
    return field.name === 'id' ? { type: 'string', format: 'uuid' } : { type: 'string', pattern: UUID_OR_EMPTY };
  return { type: 'string' };
}

/** 64-bit numbers are texts, since JSON numbers of many readers cannot hold them. */
function numberSchema(scalar: ScalarType | undefined, rule: EffectiveRule | undefined): Schema {
  switch (scalar) {
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: 'number' };
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return { type: 'string', format: 'int64', pattern: String.raw`^-?\d{1,19}$` };
    default: {
      const unsigned = scalar === ScalarType.UINT32 || scalar === ScalarType.FIXED32;
      const minimum = rule?.min === undefined ? (unsigned ? 0 : -(2 ** 31)) : Number(rule.min);
      const maximum = rule?.max === undefined ? (unsigned ? 2 ** 32 : 2 ** 31) - 1 : Number(rule.max);
      return { type: 'integer', format: unsigned ? 'uint32' : 'int32', minimum, maximum };
    }
  }
}
