import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import {
  TenantsServiceService,
  type GetTenantRequest,
  type Tenant,
} from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { serveParent } from './child.js';
import { TenantCalls, tenantOf, type ServerReady } from './tenant-calls.js';

// As long as a real token: both sides get the same bytes.
const token = async () => 'x'.repeat(480);

/** grpc-js with the same codec and handler, and nothing else. */
const server = new Server();
server.addService(TenantsServiceService, {
  createTenant: (_call: unknown, callback: sendUnaryData<Tenant>) => callback({ code: status.UNIMPLEMENTED }),
  getTenant: (call: ServerUnaryCall<GetTenantRequest, Tenant>, callback: sendUnaryData<Tenant>) =>
    callback(null, tenantOf(call.request.tenantId)),
});
const { promise, resolve, reject } = Promise.withResolvers<number>();
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
  error ? reject(error) : resolve(port),
);
const ready: ServerReady = { address: `127.0.0.1:${await promise}` };
const calls = new TenantCalls(ready.address);
serveParent(ready, { token, round: async () => calls.round(await token()) }, async () => {
  calls.close();
  server.forceShutdown();
});
