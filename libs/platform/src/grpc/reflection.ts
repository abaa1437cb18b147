import type { Server } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { descriptorSetBytes } from '@paradesk/contracts';

/** Lets operators' tools (grpcurl and others) ask a server for its contracts. */
export function addReflection(server: Server): void {
  new ReflectionService(loadFileDescriptorSetFromBuffer(Buffer.from(descriptorSetBytes()))).addToServer(server);
}
