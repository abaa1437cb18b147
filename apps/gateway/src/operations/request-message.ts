import {
  fromJson,
  ScalarType,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
} from '@bufbuild/protobuf';
import { effectiveRule, registry } from '@paradesk/contracts';
import { DomainError, type FieldViolation } from '@paradesk/kernel';

type ValueCheck = (field: DescField, value: JsonValue) => string | undefined;

const MOST_VIOLATIONS = 20;
const LONG = new Set([ScalarType.INT64, ScalarType.UINT64, ScalarType.SINT64, ScalarType.FIXED64, ScalarType.SFIXED64]);

/**
 * The message that JSON means, by protobuf's canonical mapping with two stricter points: fields go by their JSON names only, and 64-bit
 * numbers that a JSON number cannot hold exactly must be texts. What fields must be (required, lengths) is the service's to check.
 *
 * @throws DomainError invalid INVALID_ARGUMENT naming at most 20 fields by their paths (`parties[2].side`)
 */
export function requestMessage(message: DescMessage, json: JsonObject): Message {
  // The form first: it costs little and keeps lists without end from becoming messages.
  refuse(violationsIn(message, json, formOf));
  try {
    return fromJson(message, json, { registry: registry() });
  } catch {
    refuse(violationsIn(message, json, valueOf));
    throw new DomainError('invalid', 'NOT_A_MESSAGE', `the request is no ${message.name}`);
  }
}

function refuse(violations: FieldViolation[]): void {
  if (violations.length > 0) throw DomainError.invalidAll(violations);
}

function violationsIn(message: DescMessage, json: JsonValue, check: ValueCheck): FieldViolation[] {
  const found: FieldViolation[] = [];
  walk(message, json, '', { check, found });
  return found;
}

interface Walk {
  readonly check: ValueCheck;
  readonly found: FieldViolation[];
}

function walk(message: DescMessage, json: JsonValue, path: string, going: Walk): void {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    going.found.push({ field: path, description: 'must be an object' });
    return;
  }
  for (const [name, value] of Object.entries(json)) {
    if (going.found.length >= MOST_VIOLATIONS) return;
    const at = path === '' ? name : `${path}.${name}`;
    const field = message.fields.find((candidate) => candidate.jsonName === name);
    if (!field) going.found.push({ field: at.slice(0, 200), description: 'is no field of this request' });
    else if (value !== null) walkField(field, value, at, going);
  }
}

function walkField(field: DescField, value: JsonValue, path: string, going: Walk): void {
  if (field.fieldKind !== 'list') return walkValue(field, value, path, going);
  const { maxItems } = effectiveRule(field);
  if (!Array.isArray(value)) going.found.push({ field: path, description: 'must be a list' });
  else if (value.length > maxItems)
    going.found.push({ field: path, description: `has ${value.length} items, at most ${maxItems} are taken` });
  else
    value.forEach((item, index) => {
      if (going.found.length < MOST_VIOLATIONS) walkValue(field, item, `${path}[${index}]`, going);
    });
}

function walkValue(field: DescField, value: JsonValue, path: string, going: Walk): void {
  if (value === null) going.found.push({ field: path, description: 'must not be null' });
  else if (field.message?.typeName.startsWith('paradesk.')) walk(field.message, value, path, going);
  else {
    const description = going.check(field, value);
    if (description) going.found.push({ field: path, description });
  }
}

function formOf(field: DescField, value: JsonValue): string | undefined {
  if (typeof value === 'string' && !value.isWellFormed()) return 'is no well-formed Unicode';
  const scalar = 'scalar' in field ? field.scalar : undefined;
  if (typeof value === 'number' && scalar && LONG.has(scalar) && !Number.isSafeInteger(value))
    return 'must be a whole number, as a text where it is large';
  return undefined;
}

function valueOf(field: DescField, value: JsonValue): string | undefined {
  try {
    fromJson(
      field.parent,
      { [field.jsonName]: field.fieldKind === 'list' ? [value] : value },
      { registry: registry() },
    );
    return undefined;
  } catch {
    return `must be ${kindOf(field)}`;
  }
}

function kindOf(field: DescField): string {
  if (field.enum) return `one of ${field.enum.values.map((value) => value.name).join(', ')}`;
  if (field.message)
    return field.message.typeName === 'google.protobuf.Timestamp'
      ? 'a time such as 2026-03-02T15:00:00Z'
      : `a ${field.message.name}`;
  switch ('scalar' in field ? field.scalar : undefined) {
    case ScalarType.STRING:
      return 'a text';
    case ScalarType.BOOL:
      return 'true or false';
    case ScalarType.BYTES:
      return 'Base64';
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return 'a number';
    default:
      return 'a whole number in range';
  }
}
