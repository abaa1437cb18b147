import type { DescField } from '@bufbuild/protobuf';
import { rpcs, type Rpc } from '@paradesk/contracts';

const FILE = 'google.api.HttpBody';
const VARIABLE = /^\{([a-z][a-z0-9_]*)\}$/;

/** An RPC as REST offers it: what its `google.api.http` binding means, worked out once at the start. */
export interface Operation {
  readonly rpc: Rpc;
  /** HTTP method in upper case. */
  readonly verb: string;
  /** Path with variables by their JSON names, as the API reference shows it: `/v1/invoices/{invoiceId}:issue`. */
  readonly path: string;
  /** What the path is made of: texts, and the fields that variables fill. */
  readonly segments: readonly (string | DescField)[];
  /** What stands after the colon at the end of the path: `issue`; empty for most. */
  readonly suffix: string;
  /** Fields that query parameters fill. */
  readonly parameters: readonly DescField[];
  /** What the body is: nothing, the request as JSON, or a file of any content type. */
  readonly body: 'none' | 'json' | 'file';
  /** The field that a file fills. */
  readonly fileField: DescField | undefined;
  /** What the answer is: a message as JSON, or a file, streamed. */
  readonly answer: 'json' | 'file';
}

/** Every RPC that the contracts bind to REST. @throws Error for a binding that the gateway cannot serve */
export function operations(): Operation[] {
  return rpcs().flatMap((rpc) => (rpc.http ? [toOperation(rpc, rpc.http)] : []));
}

function toOperation(rpc: Rpc, http: NonNullable<Rpc['http']>): Operation {
  const { input, output, methodKind } = rpc.descriptor;
  const fieldNamed = (name: string): DescField => {
    const field = input.fields.find((candidate) => candidate.name === name);
    if (!field) throw unfit(rpc, `${input.name} has no field ${name}`);
    return field;
  };
  const [, template = '', suffix = ''] = /^\/([^:]+)(?::([A-Za-z]+))?$/.exec(http.path) ?? [];
  const segments = template.split('/').map((part) => {
    const [, variable] = VARIABLE.exec(part) ?? [];
    return variable ? fieldNamed(variable) : part;
  });
  if (segments.some((part) => typeof part === 'string' && !/^[A-Za-z0-9]+$/.test(part)))
    throw unfit(rpc, `path ${http.path}`);
  const file = http.body !== '' && http.body !== '*' ? fieldNamed(http.body) : undefined;
  if (file && file.message?.typeName !== FILE) throw unfit(rpc, 'a body is the whole request or a file');
  const answer = output.typeName === FILE ? 'file' : 'json';
  const expected = `${file ? 'unary or client_streaming' : 'unary'} ${answer === 'file' ? 'server_streaming' : ''}`;
  const streams =
    answer === 'file'
      ? methodKind === 'server_streaming'
      : methodKind === 'unary' || (file && methodKind === 'client_streaming');
  if (!streams) throw unfit(rpc, `${methodKind} where ${expected} is served`);
  const shown = segments.map((part) => (typeof part === 'string' ? part : `{${part.jsonName}}`)).join('/');
  return {
    rpc,
    verb: http.verb.toUpperCase(),
    path: `/${shown}${suffix && `:${suffix}`}`,
    segments,
    suffix,
    parameters: http.body === '*' ? [] : input.fields.filter((field) => field !== file && !segments.includes(field)),
    body: http.body === '*' ? 'json' : file ? 'file' : 'none',
    fileField: file,
    answer,
  };
}

function unfit(rpc: Rpc, what: string): Error {
  return new Error(`the gateway cannot serve ${rpc.path}: ${what}`);
}
