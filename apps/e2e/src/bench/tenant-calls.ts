import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { TenantsServiceService, type Tenant } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { newId } from '@paradesk/kernel';
import { drive, type Load, type Measured } from './load.js';

/** What a measured server says when it serves. */
export interface ServerReady {
  readonly address: string;
}

const ROUND: Load = { concurrency: 32, durationMs: 1500, mostCalls: 30_000 };
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const { path, requestSerialize, responseDeserialize } = TenantsServiceService.getTenant;

/** The answer of both servers, from memory: what is measured is the way there. */
export function tenantOf(id: string): Tenant {
  return {
    id,
    name: 'Harbor Paralegal Services',
    timeZone: 'America/New_York',
    taxId: '12-3456789',
    addressLines: ['120 Water Street', 'Boston, MA 02109'],
    email: 'office@harbor.example',
    version: 1,
    qualificationRequirement: 1,
  };
}

/** GetTenant by a bare client over one connection: the same for both servers. */
export class TenantCalls {
  private readonly client: Client;

  /**
   * @param address `host:port`
   * @param tenantId whom to ask for
   */
  constructor(
    address: string,
    private readonly tenantId: string = newId(Date.now()),
  ) {
    this.client = new Client(address, credentials.createInsecure());
  }

  /** Calls for one round with one token. */
  round(token: string): Promise<Measured> {
    return drive(ROUND, () => this.call(token));
  }

  /** @throws ServiceError for a refusal, Error for an answer that is not the one asked for */
  call(token: string): Promise<void> {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    metadata.set('traceparent', TRACEPARENT);
    const { tenantId } = this;
    const options = { deadline: Date.now() + 5000 };
    return new Promise((resolve, reject) => {
      const answered = (error: Error | null, answer?: Tenant) => {
        if (error) reject(error);
        else if (answer?.id === tenantId) resolve();
        else reject(new Error('the answer is another tenant'));
      };
      this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { tenantId },
        metadata,
        options,
        answered,
      );
    });
  }

  close(): void {
    this.client.close();
  }
}
