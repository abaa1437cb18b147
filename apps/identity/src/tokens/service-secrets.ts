import { createHash, timingSafeEqual } from 'node:crypto';
import { rpcs } from '@paradesk/contracts';

// What platform demands of SERVICE_SECRET, the other end of the same secret.
const MIN_SECRET_LENGTH = 24;

/** The services that tokens are made for: those whose RPCs the contracts state. */
export function isService(name: string): boolean {
  return rpcs().some((rpc) => rpc.owner === name);
}

/** By which secret each service signs in. Kept as hashes, so that comparing takes the same time whatever is presented. */
export class ServiceSecrets {
  private readonly hashes: ReadonlyMap<string, Buffer>;

  constructor(secrets: ReadonlyMap<string, string>) {
    this.hashes = new Map([...secrets].map(([service, secret]) => [service, hashOf(secret)]));
  }

  /** Whether the secret is this service's; false for a name that has none. */
  accepts(service: string, secret: string): boolean {
    const presented = hashOf(secret);
    const known = this.hashes.get(service);
    return timingSafeEqual(known ?? Buffer.alloc(presented.length), presented) && known !== undefined;
  }
}

/** @param text `billing:secret,documents:secret`. @throws Error that says what it takes, without a secret */
export function parseServiceSecrets(text: string): ServiceSecrets {
  const secrets = new Map<string, string>();
  for (const [index, entry] of text.split(',').entries()) {
    const [, service = '', secret = ''] = /^\s*([a-z]+):(\S*)\s*$/.exec(entry) ?? [];
    if (!service) throw new Error(`takes service:secret, separated by commas; entry ${index + 1} is something else`);
    if (!isService(service)) throw new Error(`takes names of services before the colon; entry ${index + 1} names none`);
    if (secrets.has(service)) throw new Error(`takes each service once; ${service} is there twice`);
    if (secret.length < MIN_SECRET_LENGTH)
      throw new Error(`takes secrets of at least ${MIN_SECRET_LENGTH} characters; that of ${service} is shorter`);
    secrets.set(service, secret);
  }
  return new ServiceSecrets(secrets);
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
