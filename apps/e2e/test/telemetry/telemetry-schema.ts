import { readFileSync } from 'node:fs';
import type { ReceivedSpan } from './otlp-receiver.js';

interface Attribute {
  readonly meaning: string;
  /** The only values that it may have, or else what they look like. */
  readonly values?: readonly string[];
  readonly pattern?: string;
}

interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'histogram' | 'gauge' | 'updowncounter';
  readonly unit: string;
  readonly meaning: string;
  /** Names of attributes; those that end in `?` are not always there. */
  readonly attributes: readonly string[];
}

interface Span {
  readonly name: string;
  readonly pattern: string;
  readonly kind: string;
  readonly meaning: string;
  readonly attributes: readonly string[];
}

/** The schema file: every metric and span that the system emits. */
export interface TelemetrySchema {
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly metrics: readonly Metric[];
  readonly spans: readonly Span[];
}

/** A metric as Prometheus reads it. */
interface Exposed {
  type: string;
  unit: string;
  readonly samples: Record<string, string>[];
}

/** The schema as the repository has it. */
export function readSchema(): TelemetrySchema {
  const file = new URL('../../../../libs/platform/telemetry-schema.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as TelemetrySchema;
}

/** What metrics in Prometheus' text format and the schema have against each other: a sentence each. */
export function metricFaults(schema: TelemetrySchema, texts: readonly string[]): string[] {
  const exposed = parse(texts.join('\n'));
  const listed = new Map(schema.metrics.map((metric) => [exposedName(metric), metric]));
  const unlisted = [...exposed.keys()]
    .filter((name) => !listed.has(name))
    .map((name) => `${name} is not in the schema`);
  const faults = [...listed].flatMap(([name, metric]) => {
    const seen = exposed.get(name);
    if (!seen || seen.samples.length === 0) return [`${metric.name} was not seen`];
    const type = metric.type === 'updowncounter' ? 'gauge' : metric.type;
    return [
      ...(seen.type === type ? [] : [`${metric.name} is a ${seen.type}`]),
      ...(seen.unit === metric.unit ? [] : [`${metric.name} has the unit ${seen.unit}`]),
      ...seen.samples.flatMap((labels) => attributeFaults(schema, metric, labels, underscored)),
    ];
  });
  return [...new Set([...unlisted, ...faults])];
}

/** What spans and the schema have against each other: a sentence each. */
export function spanFaults(schema: TelemetrySchema, spans: readonly ReceivedSpan[]): string[] {
  const matches = (span: ReceivedSpan, { kind, pattern }: Span) =>
    span.kind === kind && new RegExp(`^${pattern}$`).test(span.name);
  const faults = spans.flatMap((span) => {
    const [listed, another] = schema.spans.filter((one) => matches(span, one));
    if (!listed || another) return [`${span.kind} ${span.name} is in the schema ${another ? 'twice' : 'not at all'}`];
    const attributes = Object.fromEntries(
      Object.entries(span.attributes).map(([name, value]) => [name, String(value)]),
    );
    return attributeFaults(schema, listed, attributes, (name) => name);
  });
  const unseen = schema.spans.filter((listed) => !spans.some((span) => matches(span, listed)));
  return [...new Set([...faults, ...unseen.map(({ kind, name }) => `${kind} ${name} was not seen`)])];
}

/** What the schema itself lacks: a sentence each. */
export function schemaFaults({ attributes, metrics, spans }: TelemetrySchema): string[] {
  const used = new Set([...metrics, ...spans].flatMap((one) => one.attributes.map(bare)));
  return [
    ...[...used].filter((name) => !attributes[name]).map((name) => `${name} is not explained`),
    ...Object.keys(attributes)
      .filter((name) => !used.has(name))
      .map((name) => `${name} is explained and not used`),
    ...Object.entries(attributes)
      .filter(([, { values, pattern }]) => Boolean(values) === Boolean(pattern))
      .map(([name]) => `${name} has neither values nor a pattern, or both`),
    ...[...metrics, ...spans].filter(({ meaning }) => !meaning).map(({ name }) => `${name} has no meaning`),
  ];
}

function attributeFaults(
  schema: TelemetrySchema,
  { name, attributes }: Pick<Metric, 'name' | 'attributes'>,
  given: Readonly<Record<string, string>>,
  written: (attribute: string) => string,
): string[] {
  const allowed = new Map(attributes.map((attribute) => [written(bare(attribute)), attribute]));
  const missing = [...allowed].filter(([label, attribute]) => !attribute.endsWith('?') && given[label] === undefined);
  return [
    ...missing.map(([, attribute]) => `${name} was seen without ${attribute}`),
    ...Object.entries(given).flatMap(([label, value]) => {
      const attribute = allowed.get(label);
      if (attribute === undefined) return [`${name} was seen with ${label}`];
      const { values, pattern = '' } = schema.attributes[bare(attribute)] ?? {};
      const fits = values ? values.includes(value) : new RegExp(`^(${pattern})$`).test(value);
      return fits ? [] : [`${name} was seen with ${label} ${value}`];
    }),
  ];
}

const bare = (attribute: string): string => attribute.replace(/\?$/, '');
const underscored = (name: string): string => name.replaceAll('.', '_');

function exposedName({ name, type }: Metric): string {
  return underscored(name) + (type === 'counter' ? '_total' : '');
}

/** Metrics by name. Of a histogram each series is one sample; what the exporter adds by itself is left out. */
function parse(text: string): Map<string, Exposed> {
  const metrics = new Map<string, Exposed>();
  const of = (name: string) => {
    const metric = metrics.get(name) ?? { type: '', unit: '', samples: [] };
    metrics.set(name, metric);
    return metric;
  };
  for (const line of text.split('\n')) {
    const [, keyword, name = '', value = ''] = /^# (UNIT|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (keyword === 'UNIT') of(name).unit = value;
    if (keyword === 'TYPE') of(name).type = value;
    const [, sample = '', labels = ''] = /^([a-z]\w*)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    const owner = [sample, sample.replace(/_count$/, '')].find((one) => metrics.get(one)?.type);
    if (owner) of(owner).samples.push(labelsOf(labels));
  }
  metrics.delete('target_info');
  return metrics;
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value]);
  return Object.fromEntries(pairs.filter(([name = '']) => !name.startsWith('otel_scope_')));
}
