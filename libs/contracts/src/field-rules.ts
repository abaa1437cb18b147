import { getOption, hasOption, ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { isUuid, parseDecimal, requireCurrency, requireTimeZone, type FieldViolation } from '@paradesk/kernel';
import { Format, type FieldRule } from './gen/paradesk/common/v1/field.js';
import { registry } from './registry.js';

/** A field's rule with its defaults filled in. */
export interface EffectiveRule {
  readonly required: boolean;
  readonly maxLength: number;
  readonly maxItems: number;
  readonly min: bigint | undefined;
  readonly max: bigint | undefined;
  readonly format: Format;
}

type Check = (value: unknown, field: string, found: FieldViolation[]) => void;

const DEFAULT_MAX_LENGTH = 1000;
const DEFAULT_MAX_ITEMS = 200;
// A refusal travels in the trailer of a call, which is small: 5,000 wrong ids would break the connection instead.
const MAX_VIOLATIONS = 20;
const ID_NAME = /(^|_)ids?$/;
const EMAIL = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+\.[^\s@<>,;:"()[\]\\.]+$/;
// C0 and C1 control characters but tab, line feed and carriage return: no name or narrative has them, and PDF/A refuses them.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

const checks = new Map<string, Check>();

/** What the contracts demand of a field, defaults included. The API reference shows the same. */
export function effectiveRule(field: DescField): EffectiveRule {
  const extension = registry().getExtension('paradesk.common.v1.field');
  if (!extension) throw new Error('the contracts have no field rules');
  const stated = hasOption(field, extension) ? (getOption(field, extension) as Partial<FieldRule>) : {};
  const isText = scalarOf(field) === ScalarType.STRING;
  const unstated = isText && ID_NAME.test(field.name) ? Format.UUID : Format.UNSPECIFIED;
  return {
    required: stated.required ?? false,
    maxLength: stated.maxLength || DEFAULT_MAX_LENGTH,
    maxItems: stated.maxItems || DEFAULT_MAX_ITEMS,
    min: stated.min,
    max: stated.max,
    format: stated.format || unstated,
  };
}

/**
 * What is wrong with a request, field by field, before any use case runs.
 *
 * @param message descriptor of the request
 * @param value the request as ts-proto decoded it
 * @returns at most 20 violations with JSON paths (`parties[2].name`), in the order of the fields; empty when the request may go on
 */
export function violationsOf(message: DescMessage, value: unknown): FieldViolation[] {
  const found: FieldViolation[] = [];
  checkOf(message)(value, '', found);
  return found.slice(0, MAX_VIOLATIONS);
}

function checkOf(message: DescMessage): Check {
  const known = checks.get(message.typeName);
  if (known) return known;
  let own: readonly (readonly [string, Check])[] = [];
  const check: Check = (value, path, found) => {
    const fields = value as Record<string, unknown>;
    const prefix = path === '' ? '' : `${path}.`;
    for (const [name, one] of own) one(fields[name], prefix + name, found);
  };
  checks.set(message.typeName, check);
  own = message.fields.map((field) => [field.jsonName, fieldCheck(field)] as const);
  return check;
}

function fieldCheck(field: DescField): Check {
  const rule = effectiveRule(field);
  const one = valueCheck(field, rule);
  if (field.fieldKind !== 'list') return one;
  return (value, path, found) => {
    const items = value as readonly unknown[];
    if (items.length > rule.maxItems)
      found.push({ field: path, description: `has ${items.length} items, at most ${rule.maxItems} are taken` });
    else if (rule.required && items.length === 0) found.push({ field: path, description: 'must not be empty' });
    else items.forEach((item, index) => one(item, `${path}[${index}]`, found));
  };
}

function valueCheck(field: DescField, rule: EffectiveRule): Check {
  if (field.message) return messageCheck(field.message, rule, field.fieldKind === 'list');
  if (field.enum) return enumCheck(new Set(field.enum.values.map((value) => value.number)), rule);
  if (scalarOf(field) === ScalarType.STRING) return textCheck(rule, field.fieldKind === 'list');
  return numberCheck(rule);
}

function messageCheck(message: DescMessage, rule: EffectiveRule, item: boolean): Check {
  // Well-known and google.api types have their own form, which decoding has checked.
  const inner: Check = message.typeName.startsWith('paradesk.') ? checkOf(message) : () => undefined;
  return (value, path, found) => {
    if (value !== undefined) inner(value, path, found);
    else if (rule.required && !item) found.push({ field: path, description: 'is missing' });
  };
}

function enumCheck(known: ReadonlySet<number>, rule: EffectiveRule): Check {
  return (value, path, found) => {
    if (!known.has(value as number)) found.push({ field: path, description: `has no value ${String(value)}` });
    else if (rule.required && value === 0) found.push({ field: path, description: 'is missing' });
  };
}

function textCheck(rule: EffectiveRule, item: boolean): Check {
  const formed = formats[rule.format];
  return (value, path, found) => {
    const text = value as string;
    const problem = textProblem(text, rule, formed, item);
    if (problem) found.push({ field: path, description: problem });
  };
}

function textProblem(
  text: string,
  rule: EffectiveRule,
  formed: FormatCheck | undefined,
  item: boolean,
): string | undefined {
  if (text === '') return rule.required || item ? 'must not be empty' : undefined;
  if (text.length > rule.maxLength) return `is ${text.length} characters long, at most ${rule.maxLength} are taken`;
  if (CONTROL.test(text)) return 'contains a control character';
  if (!text.isWellFormed()) return 'is no well-formed Unicode';
  if (rule.required && text.trim() === '') return 'must not be blank';
  return formed?.(text);
}

function numberCheck(rule: EffectiveRule): Check {
  const { min, max } = rule;
  return (value, path, found) => {
    if (typeof value !== 'number' && typeof value !== 'bigint') return;
    if (min !== undefined && value < min)
      found.push({ field: path, description: `is ${value}, at least ${min} is needed` });
    else if (max !== undefined && value > max)
      found.push({ field: path, description: `is ${value}, at most ${max} is taken` });
  };
}

type FormatCheck = (text: string) => string | undefined;

const formats: Partial<Record<Format, FormatCheck>> = {
  [Format.UUID]: (text) => (isUuid(text) ? undefined : 'must be a UUID'),
  [Format.EMAIL]: (text) => (text.length <= 254 && EMAIL.test(text) ? undefined : 'must be an e-mail address'),
  [Format.CURRENCY]: (text) => refusalOf(() => requireCurrency(text, 'currency')),
  [Format.TIME_ZONE]: (text) => refusalOf(() => requireTimeZone(text, 'timeZone')),
  [Format.DECIMAL]: (text) =>
    parseDecimal(text, 4) ? undefined : 'must be a decimal number with at most four decimals',
};

function refusalOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function scalarOf(field: DescField): ScalarType | undefined {
  if (field.fieldKind === 'scalar') return field.scalar;
  return field.fieldKind === 'list' && field.listKind === 'scalar' ? field.scalar : undefined;
}
