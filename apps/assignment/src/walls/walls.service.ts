import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Clock, Database, Ids, pageQuery, pageResult, type Tx } from '@paradesk/platform';
import { LessThan } from 'typeorm';
import { MatterChanges } from '../matters/matter-changes.js';
import { toProto } from '../matters/matter.message.js';
import { PeopleService } from '../people/people.service.js';
import { Wall } from './wall.entity.js';

/** Which walls to list. Empty text is no limit. */
export interface WallFilter {
  readonly page: PageRequest | undefined;
  readonly matterId: string;
  readonly personId: string;
}

/** Who is to be screened from what. */
export interface NewWall {
  readonly matterId: string;
  readonly personId: string;
  readonly reason: string;
}

@Injectable()
export class WallsService {
  constructor(
    private readonly database: Database,
    private readonly changes: MatterChanges,
    private readonly people: PeopleService,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async raise(caller: Caller, { matterId, personId, reason }: NewWall): Promise<Wall> {
    const person = await this.people.require(caller, personId);
    return this.database.transaction(caller, async (tx) => {
      const matter = await this.changes.lock(tx, matterId);
      const { id, at } = this.ids.stamp();
      const wall = matter.raiseWall(id, person.id, { at, byPersonId: caller.personId ?? null, reason });
      await tx.insert(Wall, wall);
      await this.changes.keep(tx, matter, {
        $case: 'wallRaised',
        value: { matter: toProto(matter), wallId: wall.id },
      });
      return wall;
    });
  }

  async lift(caller: Caller, id: string, reason: string): Promise<Wall> {
    return this.database.transaction(caller, async (tx) => {
      // The matter is locked first, as by everything that changes it; the wall is among its own then, unless it was lifted.
      const known = await find(tx, id);
      const matter = await this.changes.lock(tx, known.matterId);
      const wall = matter.walls.find((one) => one.id === known.id) ?? (await find(tx, id));
      matter.liftWall(wall, { at: this.clock.now(), byPersonId: caller.personId ?? null, reason });
      await tx.save(wall);
      await this.changes.keep(tx, matter, { $case: 'wallLifted', value: { matter: toProto(matter), wallId: id } });
      return wall;
    });
  }

  /** The screened person does not see the matter nor its walls, so the service looks and the wall says whether it is theirs. */
  async acknowledge({ tenantId, personId }: Caller, id: string): Promise<Wall> {
    return this.database.transaction({ tenantId }, async (tx) => {
      const wall = await tx.findOne(Wall, { where: { tenantId, id }, lock: { mode: 'pessimistic_write' } });
      if (!wall) throw DomainError.notFound('wall', id);
      wall.acknowledge(personId, this.clock.now());
      await tx.save(wall);
      return wall;
    });
  }

  /** The newest first. */
  async list(caller: Caller, { page, matterId, personId }: WallFilter): Promise<{ items: Wall[]; page: PageResult }> {
    const query = pageQuery(page);
    const rows = await this.database.transaction(caller, (tx) =>
      tx.find(Wall, {
        where: {
          tenantId: tx.tenantId,
          ...(matterId && { matterId }),
          ...(personId && { personId }),
          ...(query.after && { id: LessThan(query.after) }),
        },
        order: { id: 'DESC' },
        take: query.size + 1,
      }),
    );
    return pageResult(rows, query, (wall) => wall.id);
  }
}

async function find(tx: Tx, id: string): Promise<Wall> {
  const wall = await tx.findOneBy(Wall, { tenantId: tx.tenantId, id });
  if (!wall) throw DomainError.notFound('wall', id);
  return wall;
}
