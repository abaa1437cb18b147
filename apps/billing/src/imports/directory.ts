import type { Tx } from '@paradesk/platform';
import { Client } from '../clients/client.entity.js';
import { Matter } from '../matters/matter.entity.js';
import { Person } from '../people/person.entity.js';

/** A tenant's clients, matters and timekeepers by the codes that files call them by. */
export class Directory {
  private readonly clients: ReadonlyMap<string, Client>;
  private readonly matters: ReadonlyMap<string, Matter>;
  private readonly timekeepers: ReadonlyMap<string, Person>;

  constructor(clients: readonly Client[], matters: readonly Matter[], people: readonly Person[]) {
    this.clients = new Map(clients.map((client) => [client.code, client]));
    this.matters = new Map(matters.map((matter) => [keyOf(matter.clientId, matter.code), matter]));
    const timekeepers = people.filter((person) => person.timekeeperCode !== '');
    this.timekeepers = new Map(timekeepers.map((person) => [person.timekeeperCode, person]));
  }

  static async load(tx: Tx): Promise<Directory> {
    const where = { tenantId: tx.tenantId };
    return new Directory(
      await tx.find(Client, { where }),
      await tx.find(Matter, { where }),
      await tx.find(Person, { where }),
    );
  }

  client(code: string): Client | undefined {
    return this.clients.get(code);
  }

  /** A matter's code is unique with its client only. */
  matter(client: Client, code: string): Matter | undefined {
    return this.matters.get(keyOf(client.id, code));
  }

  timekeeper(code: string): Person | undefined {
    return this.timekeepers.get(code);
  }

  get matterCodes(): ReadonlySet<string> {
    return new Set([...this.matters.values()].map((matter) => matter.code));
  }

  get timekeeperCodes(): ReadonlySet<string> {
    return new Set(this.timekeepers.keys());
  }
}

function keyOf(clientId: string, matterCode: string): string {
  return `${clientId} ${matterCode}`;
}
