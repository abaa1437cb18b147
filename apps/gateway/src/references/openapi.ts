import type { DescField, DescService } from '@bufbuild/protobuf';
import { effectiveRule, scopeOf, scopes } from '@paradesk/contracts';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { Operation } from '../operations/operation.js';
import { hasParameters } from '../operations/request-fields.js';
import { commentOf } from './comments.js';
import { Schemas, type Schema } from './schemas.js';

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly paths: Readonly<Record<string, Readonly<Record<string, Schema>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> } & Schema;
  readonly [other: string]: unknown;
}

const problems: Readonly<Record<string, string>> = {
  400: 'The request is not understood; `violations` names the fields.',
  401: 'The API key or session is missing, unknown or has ended.',
  403: 'The role of the caller, or the scope of their API key, does not reach to this; or a page of another site asks for it.',
  404: 'There is nothing with this id that the caller may see.',
  408: 'The body took too long to arrive.',
  409: 'Somebody else was first: a version moved on, a unique name is taken.',
  413: 'The body is too large.',
  415: 'The content type of the body is not taken here.',
  422: 'The state does not allow it, or the idempotency key came with another request before.',
  429: 'Too many requests in a minute, or too many wrong secrets; `Retry-After` says how long to wait.',
  500: 'A fault on our side; the trace id names it.',
  503: 'A service cannot be reached; try again.',
  504: 'The answer took too long.',
};
const ofBodies = new Set(['408', '413', '415']);
const description = `REST of Paradesk. JSON follows protobuf's canonical mapping: 64-bit numbers are texts, enums go by their names, times are RFC 3339.
Answers hold every field, defaults included; only messages that are absent are left out. Refusals are application/problem+json (RFC 9457);
programs switch on their \`reason\`, which is never renamed.

Programs sign in by an API key. People [sign in](/auth/sign-in?return_to=/docs) with their account and try things out here; \`/auth/session\` says
who is signed in.`;

/** The API reference, made from nothing but the contracts: bindings, messages, field rules, role rules and comments. */
export function openApiDocument(operations: readonly Operation[]): OpenApiDocument {
  const schemas = new Schemas();
  const paths: Record<string, Record<string, Schema>> = {};
  for (const operation of operations)
    (paths[operation.path] ??= {})[operation.verb.toLowerCase()] = operationOf(operation, schemas);
  const services = [...new Set(operations.map(({ rpc }) => rpc.descriptor.parent))];
  return {
    openapi: '3.1.0',
    info: { title: 'Paradesk', version: '1', description, license: { name: 'Proprietary', url: '/docs' } },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }, { accessToken: [] }, { session: [] }],
    tags: services.map((service) => ({ name: nounsOf(service), description: commentOf(service) })),
    paths,
    components: {
      schemas: { ...schemas.all, Problem: problemSchema },
      responses: Object.fromEntries(
        Object.entries(problems).map(([status, text]) => [`Problem${status}`, problemResponse(text)]),
      ),
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'pd_live_<id>_<secret>', description: 'An API key.' },
        accessToken: {
          type: 'oauth2',
          description:
            'Client credentials: the client id is the prefix of an API key, pd_live_<id>, the client secret what stands behind it.',
          flows: { clientCredentials: { tokenUrl: '/oauth/token', scopes: scopeTexts() } },
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-paradesk_session',
          description: 'The session of a browser, from /auth/sign-in. It changes things from pages of this site only.',
        },
      },
    },
  };
}

function scopeTexts(): Record<string, string> {
  const texts = { read: 'what changes nothing', write: 'the rest' };
  return Object.fromEntries(
    scopes().map((scope) => {
      const [service, kind] = scope.split(':') as [string, keyof typeof texts];
      return [scope, `Of ${service}: ${texts[kind]}.`];
    }),
  );
}

/** What a service is about: `TimeEntries` of `TimeEntriesService`. */
function nounsOf(service: DescService): string {
  return service.name.replace(/Service$/, '');
}

function operationOf(operation: Operation, schemas: Schemas): Schema {
  const { rpc } = operation;
  const { descriptor, rule } = rpc;
  const roles = (rule?.roles ?? []).map((role) => `\`${Role[role]}\``).join(', ');
  const scope = rule?.public ? '' : ` Scope: \`${scopeOf(rpc)}\`.`;
  const boundary = `Task class: \`${TaskClass[rule?.taskClass ?? 0]}\`. Roles: ${rule?.public ? 'everybody' : roles}.${scope}`;
  const comment = commentOf(descriptor);
  const refusals = Object.keys(problems).filter((status) => operation.body !== 'none' || !ofBodies.has(status));
  return {
    operationId: rpc.method,
    summary: comment.split(/(?<=[.:])\s/)[0]?.replace(/[.:]$/, ''),
    description: `${comment}\n\n${boundary}`,
    tags: [nounsOf(descriptor.parent)],
    parameters: [
      ...pathParameters(operation, schemas),
      ...queryParameters(operation.parameters, '', schemas),
      ...(rpc.readOnly ? [] : [idempotencyKey]),
    ],
    ...(operation.body !== 'none' && { requestBody: requestBody(operation, schemas) }),
    responses: {
      200: answerOf(operation, schemas),
      ...Object.fromEntries(refusals.map((status) => [status, { $ref: `#/components/responses/Problem${status}` }])),
    },
    ...(rule?.public && { security: [] }),
  };
}

function pathParameters({ segments }: Operation, schemas: Schemas): Schema[] {
  return segments
    .filter((segment) => typeof segment !== 'string')
    .map((field) => ({
      name: field.jsonName,
      in: 'path',
      required: true,
      description: commentOf(field),
      schema: schemas.requestField(field),
    }));
}

function queryParameters(fields: readonly DescField[], prefix: string, schemas: Schemas): Schema[] {
  return fields.flatMap((field) => {
    const name = `${prefix}${field.jsonName}`;
    if (field.fieldKind === 'message' && hasParameters(field.message))
      return queryParameters(field.message.fields, `${name}.`, schemas);
    return [
      {
        name,
        in: 'query',
        required: effectiveRule(field).required,
        description: commentOf(field),
        schema: schemas.requestField(field),
      },
    ];
  });
}

const idempotencyKey: Schema = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'Names the command: sent again with the same key, it is carried out once and answered the same.',
  schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
};

function requestBody(operation: Operation, schemas: Schemas): Schema {
  if (operation.fileField) {
    return {
      required: true,
      description: commentOf(operation.fileField),
      content: { '*/*': { schema: { type: 'string', format: 'binary' } } },
    };
  }
  const inPath = operation.segments.filter((segment) => typeof segment !== 'string');
  const { input } = operation.rpc.descriptor;
  const required = input.fields.some((field) => !inPath.includes(field) && effectiveRule(field).required);
  return { required, content: { 'application/json': { schema: schemas.request(input, inPath) } } };
}

function answerOf({ rpc, answer }: Operation, schemas: Schemas): Schema {
  const { output } = rpc.descriptor;
  if (answer === 'file')
    return {
      description: 'The file, with its own content type.',
      content: { '*/*': { schema: { type: 'string', format: 'binary' } } },
    };
  const replayed = {
    description: 'The answer of an earlier request with this key.',
    schema: { type: 'string', enum: ['true'] },
  };
  return {
    description: commentOf(output),
    ...(!rpc.readOnly && { headers: { 'Idempotency-Replayed': replayed } }),
    content: { 'application/json': { schema: schemas.answer(output) } },
  };
}

function problemResponse(text: string): Schema {
  return {
    description: text,
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

const violation: Schema = {
  type: 'object',
  properties: {
    field: { type: 'string', description: 'JSON path of the field, such as parties[2].name.' },
    description: { type: 'string', description: 'What is wrong with it.' },
  },
  required: ['field', 'description'],
};

const problemSchema: Schema = {
  type: 'object',
  description: 'A refusal (RFC 9457).',
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'Kind of problem, from its reason.' },
    title: { type: 'string', description: 'The kind of problem in words.' },
    status: { type: 'integer', description: 'The HTTP status.' },
    detail: { type: 'string', description: 'What went wrong, for people.' },
    reason: {
      type: 'string',
      pattern: '^[A-Z][A-Z0-9_]{1,61}[A-Z0-9]$',
      description: 'What went wrong, for programs.',
    },
    violations: { type: 'array', items: violation, description: 'The fields that were not accepted.' },
    traceId: {
      type: 'string',
      pattern: '^[0-9a-f]{32}$',
      description: 'Names the request to our support; absent where nothing is traced.',
    },
  },
  required: ['type', 'title', 'status', 'detail', 'reason', 'violations'],
};
