import { readFileSync } from 'node:fs';
import {
  createFileRegistry,
  fromBinary,
  getOption,
  hasOption,
  type DescMethod,
  type FileRegistry,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema, MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { Rule } from './gen/paradesk/common/v1/rule.js';

/** How an RPC is bound to REST, as `google.api.http` states it. */
export interface HttpBinding {
  readonly verb: 'get' | 'put' | 'post' | 'delete' | 'patch';
  /** Path template, such as `/v1/invoices/{invoice_id}:issue`. */
  readonly path: string;
  /** Field that is the body, `*` for all that is not in the path, empty for none. */
  readonly body: string;
}

/** One RPC of the contracts. */
export interface Rpc {
  /** gRPC path, such as `/paradesk.billing.v1.InvoicesService/IssueInvoice`. */
  readonly path: string;
  /** The service that serves it: `billing` for `paradesk.billing.v1`; undefined for what every service serves of its own. */
  readonly owner: string | undefined;
  readonly service: string;
  readonly method: string;
  /** Who may call it; undefined where the contract states none, and then nobody may. */
  readonly rule: Rule | undefined;
  readonly http: HttpBinding | undefined;
  readonly readOnly: boolean;
  /** Safe to send again: it changes nothing, or twice is once. */
  readonly idempotent: boolean;
  readonly descriptor: DescMethod;
}

let files: FileRegistry | undefined;
let methods: readonly Rpc[] | undefined;

/** The bytes of the contracts' FileDescriptorSet, with comments. */
export function descriptorSetBytes(): Uint8Array {
  return readFileSync(new URL('./gen/descriptors.binpb', import.meta.url));
}

/** All files, messages, services and extensions of the contracts. */
export function registry(): FileRegistry {
  files ??= createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSetBytes()));
  return files;
}

/** Every RPC of every service, in the order of the files. */
export function rpcs(): readonly Rpc[] {
  methods ??= [...registry().files]
    .filter((file) => file.proto.package.startsWith('paradesk.'))
    .flatMap((file) => file.services)
    .flatMap((service) => service.methods)
    .map(toRpc);
  return methods;
}

/**
 * What a key must be good for to make a call: `billing:read` for what changes nothing, `billing:write` for the rest. What every service
 * serves of its own goes by its own name: `audit:read`.
 */
export function scopeOf({ descriptor, readOnly }: Rpc): string {
  const [, name = ''] = descriptor.parent.file.proto.package.split('.');
  return `${name}:${readOnly ? 'read' : 'write'}`;
}

/** Every scope that there is, in alphabetical order: that of each RPC which a token is needed for. */
export function scopes(): readonly string[] {
  return [...new Set(rpcs().flatMap((rpc) => (rpc.rule?.public ? [] : scopeOf(rpc))))].toSorted();
}

function toRpc(descriptor: DescMethod): Rpc {
  const level = descriptor.idempotency;
  const service = descriptor.parent;
  return {
    path: `/${service.typeName}/${descriptor.name}`,
    owner: ownerOf(service.file.proto.package),
    service: service.typeName,
    method: descriptor.name,
    rule: optionOf<Rule>(descriptor, 'paradesk.common.v1.rule'),
    http: httpOf(descriptor),
    readOnly: level === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS,
    idempotent: level !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN,
    descriptor,
  };
}

// What the platform serves in each service, beside what is the service's own.
const SERVED_BY_ALL = new Set(['audit', 'operations']);

function ownerOf(protoPackage: string): string | undefined {
  const [, owner = ''] = protoPackage.split('.');
  return SERVED_BY_ALL.has(owner) ? undefined : owner;
}

function httpOf(descriptor: DescMethod): HttpBinding | undefined {
  const http = optionOf<{ pattern: { case: HttpBinding['verb']; value: string }; body: string }>(
    descriptor,
    'google.api.http',
  );
  return http && { verb: http.pattern.case, path: http.pattern.value, body: http.body };
}

function optionOf<T>(descriptor: DescMethod, name: string): T | undefined {
  const extension = registry().getExtension(name);
  if (!extension) throw new Error(`the contracts have no option ${name}`);
  return hasOption(descriptor, extension) ? (getOption(descriptor, extension) as T) : undefined;
}
