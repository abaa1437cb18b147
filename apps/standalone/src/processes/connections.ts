import { SERVICE_NAMES, type ServiceName } from '../secrets.js';

/** A process of the system, and the service that it runs; the gateway runs none. */
export interface Member {
  /** `billing`, `gateway`; `billing-2` for a second process of billing. */
  readonly name: string;
  readonly service: ServiceName | undefined;
}

/** A connection that a process makes: `billing` to `postgres`, `kafka` or another service. */
export interface Connection {
  readonly from: string;
  readonly to: string;
  /** `host:port` of what is there. */
  readonly address: string;
}

/** Says which `host:port` a process is given for something. */
export type AddressFor = (from: string, to: string) => string;

/** Leads connections elsewhere, through proxies for one. */
export type Route = (connections: readonly Connection[]) => Promise<AddressFor>;

/** The services in the order of their start, second processes of some, and the gateway. */
export function membersWith(replicas: readonly ServiceName[]): Member[] {
  return [
    ...SERVICE_NAMES.map((service) => ({ name: service, service })),
    ...replicas.map((service) => ({ name: `${service}-2`, service })),
    { name: 'gateway', service: undefined },
  ];
}

/** Every connection of every process: to all services, since which of them it calls is its own to know (identity calls itself). */
export function connectionsOf(
  members: readonly Member[],
  ground: Readonly<Record<'postgres' | 'kafka', string>>,
  services: Readonly<Record<ServiceName, string>>,
): Connection[] {
  return members.flatMap(({ name: from, service }) => {
    const peers = SERVICE_NAMES.map((to) => ({ from, to, address: services[to] }));
    if (!service) return peers;
    return [...Object.entries(ground).map(([to, address]) => ({ from, to, address })), ...peers];
  });
}

/** Everything is reached where it is. */
export const directly: Route = async (connections) => {
  const addresses = new Map(connections.map(({ from, to, address }) => [`${from}>${to}`, address]));
  return (from, to) => addresses.get(`${from}>${to}`) ?? '';
};
