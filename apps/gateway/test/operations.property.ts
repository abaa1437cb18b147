import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';

/* The harness reads nothing but the API reference: what it sends and what it accepts is what the reference says. */

interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly examples?: readonly string[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: JsonSchema;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}

interface DocumentedOperation {
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content & { readonly $ref?: string }>>;
}

/** What to check, and with which keys. */
export interface OperationsCheck {
  /** Base URL of a gateway. */
  readonly url: string;
  /** Keys to sign in with, one chosen for each request. */
  readonly apiKeys: readonly string[];
  /** The document of `/openapi.json`. */
  readonly document: unknown;
  /** Requests for each operation: half valid by the schema, half damaged. */
  readonly runs: number;
  /** UUIDs that exist, so that some requests meet something. */
  readonly ids?: readonly string[];
}

/** How often operations were tried and what they answered: `{ ListClients: { 200: 12, 400: 8 } }`. */
export type Tally = Record<string, Record<number, number>>;

interface Shot {
  readonly path: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly body: string | undefined;
  readonly contentType: string;
  readonly key: string;
}

/**
 * Sends random requests to every operation: none is answered with a 5xx, every answer fits the schema that the reference has for its status.
 *
 * @throws Error with the smallest request that breaks the promise
 */
export async function checkOperations(check: OperationsCheck): Promise<Tally> {
  const document = check.document as {
    paths: Record<string, Record<string, DocumentedOperation>>;
    components: { schemas: Record<string, JsonSchema> };
  };
  const fits = validatorOf(document);
  const tally: Tally = {};
  for (const [path, verbs] of Object.entries(document.paths)) {
    for (const [verb, operation] of Object.entries(verbs)) {
      const shots = new Shots(document.components.schemas, check).of(operation);
      const counts: Record<number, number> = (tally[operation.operationId] = {});
      const property = fc.asyncProperty(shots, async (shot) => {
        const status = await fire(check.url, path, verb, operation, shot, fits);
        counts[status] = (counts[status] ?? 0) + 1;
      });
      await fc.assert(property, { numRuns: check.runs, endOnFailure: true });
    }
  }
  return tally;
}

type Fits = (pointer: string, body: unknown) => string | undefined;

function validatorOf(document: object): Fits {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  for (const format of ['int32', 'uint32', 'int64', 'binary']) ajv.addFormat(format, true);
  ajv.addSchema(document, 'reference');
  return (pointer, body) => {
    const validate = ajv.getSchema(`reference#${pointer}`);
    if (!validate) return `the reference has nothing at ${pointer}`;
    return validate(body) ? undefined : ajv.errorsText(validate.errors);
  };
}

async function fire(
  url: string,
  path: string,
  verb: string,
  operation: DocumentedOperation,
  shot: Shot,
  fits: Fits,
): Promise<number> {
  const target = path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(shot.path[name] ?? ''));
  const query = shot.query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
  const response = await fetch(`${url}${target}${query && `?${query}`}`, {
    method: verb.toUpperCase(),
    headers: {
      authorization: `Bearer ${shot.key}`,
      ...(shot.body !== undefined && { 'content-type': shot.contentType }),
    },
    ...(shot.body !== undefined && { body: shot.body }),
  });
  const text = await response.text();
  const said = `${operation.operationId} answered ${response.status} ${text.slice(0, 500)}`;
  if (response.status >= 500) throw new Error(said);
  if (!(response.status in operation.responses)) throw new Error(`${said}, a status that the reference does not have`);
  const type = response.headers.get('content-type') ?? '';
  const documented =
    response.status === 200
      ? `/paths/${escaped(path)}/${verb}/responses/200`
      : `/components/responses/Problem${response.status}`;
  if (response.status === 200 && operation.responses[200]?.content?.['*/*']) return 200;
  const media = response.status === 200 ? 'application/json' : 'application/problem+json';
  if (!type.startsWith(media)) throw new Error(`${said} as ${type}`);
  const problem = fits(`${documented}/content/${escaped(media)}/schema`, JSON.parse(text));
  if (problem) throw new Error(`${said}: ${problem}`);
  return response.status;
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

const anyJson = fc.jsonValue({ maxDepth: 3 });

/** Makes requests from schemas. */
class Shots {
  constructor(
    private readonly schemas: Readonly<Record<string, JsonSchema>>,
    private readonly check: OperationsCheck,
  ) {}

  of(operation: DocumentedOperation): fc.Arbitrary<Shot> {
    return fc.oneof(this.valid(operation), this.damaged(operation));
  }

  private valid(operation: DocumentedOperation): fc.Arbitrary<Shot> {
    const parameters = (place: Parameter['in']) => operation.parameters.filter((parameter) => parameter.in === place);
    const texts = (parameter: Parameter) => {
      const value = this.values(parameter.schema).map((one) => (Array.isArray(one) ? one.map(String) : [String(one)]));
      return (parameter.required ? value : fc.option(value, { nil: [] })).map((found) =>
        found.map((text) => [parameter.name, text] as const),
      );
    };
    const json = operation.requestBody?.content?.['application/json'];
    const body = json
      ? this.values(json.schema).map((value) => JSON.stringify(value))
      : operation.requestBody
        ? fc.string()
        : fc.constant(undefined);
    return fc.record({
      path: fc.tuple(...parameters('path').map(texts)).map((pairs) => Object.fromEntries(pairs.flat())),
      query: fc.tuple(...parameters('query').map(texts)).map((pairs) => pairs.flat()),
      body,
      contentType: fc.constant(json ? 'application/json' : 'text/plain'),
      key: fc.constantFrom(...this.check.apiKeys),
    });
  }

  private damaged(operation: DocumentedOperation): fc.Arbitrary<Shot> {
    const text = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 40 })
      .filter((value) => value.isWellFormed() && value !== '.' && value !== '..');
    return fc
      .tuple(
        this.valid(operation),
        fc.nat(5),
        text,
        anyJson,
        fc.nat(),
        fc.constantFrom('application/json', 'text/plain', 'nonsense', 'application/xml; a=b'),
      )
      .map(([shot, kind, other, value, at, contentType]) => {
        const body = operation.requestBody ? shot.body : undefined;
        if (kind === 0)
          return { ...shot, path: Object.fromEntries(Object.keys(shot.path).map((name) => [name, other])) };
        if (kind === 1) return { ...shot, query: [...shot.query, [other, other] as const] };
        if (kind === 2) return { ...shot, query: shot.query.map(([name]) => [name, other] as const) };
        if (kind === 3 && body) return { ...shot, body: broken(body, value, at) };
        if (kind === 4 && body) return { ...shot, body: body.slice(0, at % body.length) };
        return { ...shot, contentType };
      });
  }

  private values(schema: JsonSchema): fc.Arbitrary<unknown> {
    if (schema.$ref) return this.values(this.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
    if (schema.enum) return fc.constantFrom(...schema.enum);
    switch (schema.type) {
      case 'object': {
        const properties = Object.entries(schema.properties ?? {}).map(
          ([name, one]) => [name, this.values(one)] as const,
        );
        return fc.record(Object.fromEntries(properties), { requiredKeys: [...(schema.required ?? [])] });
      }
      case 'array':
        return fc.array(this.values(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 4 });
      case 'integer':
        return fc.integer({ min: schema.minimum ?? -(2 ** 31), max: schema.maximum ?? 2 ** 31 - 1 });
      case 'boolean':
        return fc.boolean();
      default:
        return this.texts(schema);
    }
  }

  private texts(schema: JsonSchema): fc.Arbitrary<string> {
    if (schema.format === 'uuid')
      return fc.oneof(fc.uuid(), ...(this.check.ids?.length ? [fc.constantFrom(...this.check.ids)] : []));
    if (schema.format === 'date-time')
      return fc
        .date({ noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('2999-12-31') })
        .map((date) => date.toISOString());
    if (schema.format === 'email') return fc.emailAddress();
    if (schema.format === 'int64') return fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }).map(String);
    if (schema.examples) return fc.oneof(fc.constantFrom(...schema.examples), fc.string({ maxLength: 5 }));
    if (schema.pattern && schema.pattern !== String.raw`\S`) return fc.stringMatching(new RegExp(schema.pattern));
    return fc.string({
      unit: 'grapheme',
      minLength: schema.minLength ?? 0,
      maxLength: Math.min(schema.maxLength ?? 60, 60),
    });
  }
}

/** The JSON with one of its values, or the whole, replaced by another. */
function broken(body: string, value: unknown, at: number): string {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return JSON.stringify(value);
  }
  const places: (() => void)[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const name of Object.keys(node)) {
      const holder = node as Record<string, unknown>;
      places.push(() => void (holder[name] = value));
      visit(holder[name]);
    }
  };
  visit(json);
  const place = places[at % (places.length + 1)];
  if (!place) return JSON.stringify(value);
  place();
  return JSON.stringify(json);
}
