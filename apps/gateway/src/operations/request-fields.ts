import { ScalarType, type DescField, type DescMessage, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { DomainError, type FieldViolation } from '@paradesk/kernel';
import type { Route } from './route-table.js';

/**
 * The fields that a request's path and query fill, as the JSON of its message. Parameters go by their JSON names, dotted for fields
 * of fields (`page.size`), repeated for lists. Whether a value fits its field is not decided here.
 *
 * @param query raw query without the question mark
 * @throws DomainError invalid, naming the parameters that are unknown, given twice or no UTF-8
 */
export function requestFields({ operation, values }: Route, query: string): JsonObject {
  const fields: JsonObject = {};
  const found: FieldViolation[] = [];
  const variables = operation.segments.filter((segment) => typeof segment !== 'string');
  variables.forEach((field, index) => {
    const text = decoded(values[index] ?? '');
    if (text === undefined) found.push({ field: field.jsonName, description: 'is no UTF-8' });
    else fields[field.jsonName] = text;
  });
  for (const [name, text] of pairs(query)) {
    const description =
      name === undefined || text === undefined ? 'is no UTF-8' : setParameter(operation.parameters, fields, name, text);
    if (description && found.length < 20) found.push({ field: name ?? 'query', description });
  }
  if (found.length > 0) throw DomainError.invalidAll(found);
  return fields;
}

function pairs(query: string): [string | undefined, string | undefined][] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return [decoded(name.replaceAll('+', ' ')), decoded(value.replaceAll('+', ' '))];
    });
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** @returns what is wrong, if anything */
function setParameter(
  parameters: readonly DescField[],
  fields: JsonObject,
  name: string,
  text: string,
): string | undefined {
  const steps = name.split('.');
  const own = steps.pop() ?? '';
  let known = parameters;
  let target = fields;
  for (const step of steps) {
    const field = known.find((candidate) => candidate.jsonName === step);
    if (field?.fieldKind !== 'message' || !hasParameters(field.message)) return 'is no parameter of this request';
    known = field.message.fields;
    target = (target[field.jsonName] ??= {}) as JsonObject;
  }
  const field = known.find((candidate) => candidate.jsonName === own);
  if (!field || (field.message && hasParameters(field.message))) return 'is no parameter of this request';
  if (field.fieldKind === 'list') {
    const items = (target[own] ??= []) as JsonValue[];
    items.push(parameterValue(field, text));
    return undefined;
  }
  if (target[own] !== undefined) return 'is given more than once';
  target[own] = parameterValue(field, text);
  return undefined;
}

/** Well-known types such as timestamps are one text; our own messages are reached field by field. */
export function hasParameters(message: DescMessage): boolean {
  return message.typeName.startsWith('paradesk.');
}

function parameterValue(field: DescField, text: string): JsonValue {
  const isBool = 'scalar' in field && field.scalar === ScalarType.BOOL;
  return isBool && (text === 'true' || text === 'false') ? text === 'true' : text;
}
