/** One RPC as ts-proto defines it for grpc-js. */
export interface MethodShape {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  requestSerialize(value: never): Buffer;
  requestDeserialize(bytes: Buffer): unknown;
  responseSerialize(value: never): Buffer;
  responseDeserialize(bytes: Buffer): unknown;
}

/** A service as ts-proto defines it for grpc-js: `InvoicesServiceService`. */
export type ServiceShape = Readonly<Record<string, MethodShape>>;

type RequestOf<M extends MethodShape> = Parameters<M['requestSerialize']>[0];
type ResponseOf<M extends MethodShape> = ReturnType<M['responseDeserialize']>;

type Caller<M extends MethodShape, Options> = M extends { requestStream: true }
  ? (requests: AsyncIterable<Partial<RequestOf<M>>>, options: Options) => Promise<ResponseOf<M>>
  : M extends { responseStream: true }
    ? (request: Partial<RequestOf<M>>, options: Options) => AsyncIterable<ResponseOf<M>>
    : (request: Partial<RequestOf<M>>, options: Options) => Promise<ResponseOf<M>>;

/** A client of a service: one function an RPC; fields left out of a request get their defaults. */
export type ServiceClient<D extends ServiceShape, Options> = { readonly [K in keyof D]: Caller<D[K], Options> };

/** Encodes a request; fields that are left out of it get their defaults. */
export function encodeRequest(method: MethodShape, request: object): Buffer {
  const defaults = method.requestDeserialize(Buffer.alloc(0)) as object;
  return method.requestSerialize({ ...defaults, ...request } as never);
}
