import { toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { registry } from '@paradesk/contracts';

/** Lets operators' tools (grpcurl and others) ask a server for its contracts. */
export function addReflection(server: Server): void {
  const files = [...registry().files].map(({ proto }) => Buffer.from(toBinary(FileDescriptorProtoSchema, proto)));
  // The package reads the files of every definition it is given: with proto-loader's thousand definitions of the same
  // files that took three seconds at each start. One definition that carries all files says as much.
  const all = { format: 'Protocol Buffer 3 EnumDescriptorProto', type: {}, fileDescriptorProtos: files } as const;
  new ReflectionService({ all }).addToServer(server);
}
