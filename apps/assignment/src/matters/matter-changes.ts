import { Injectable } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { MatterEvent } from '@paradesk/contracts/paradesk/assignment/events/v1/matters';
import { DomainError } from '@paradesk/kernel';
import { keepMatterAccess, Outbox, type Tx } from '@paradesk/platform';
import { In, IsNull } from 'typeorm';
import { Wall } from '../walls/wall.entity.js';
import { Assignment } from './assignment.entity.js';
import { Matter } from './matter.entity.js';
import { toProto } from './matter.message.js';

/** How every change of a matter begins and ends, whoever makes it. */
@Injectable()
export class MatterChanges {
  constructor(private readonly outbox: Outbox) {}

  /** The matter with its assignments and walls, locked. @throws DomainError not-found MATTER_NOT_FOUND, also of one that the caller does not see */
  async lock(tx: Tx, id: string): Promise<Matter> {
    const matter = await tx.findOne(Matter, {
      where: { tenantId: tx.tenantId, id },
      lock: { mode: 'pessimistic_write' },
    });
    if (!matter) throw DomainError.notFound('matter', id);
    return matter.withAssignments(await assignmentsOf(tx, [matter])).withWalls(await wallsOf(tx, id));
  }

  /** Stores the matter and what was ended on it, lets its team and walls take effect here, and tells the other services. */
  async keep(tx: Tx, matter: Matter, event: MatterEvent['event']): Promise<void> {
    await tx.save(matter);
    await tx.save(matter.assignments.filter((assignment) => assignment.endedAt));
    const walledPersonIds = matter.walledPersonIds;
    await keepMatterAccess(tx, toProto(matter), walledPersonIds);
    await this.outbox.add(tx, {
      topic: topics.matters,
      aggregateId: matter.id,
      aggregateVersion: matter.version,
      event: { event: told(event), walledPersonIds: [...walledPersonIds] },
    });
  }
}

// Events are kept for ever, so what may have to be erased does not travel with them; nobody who hears of a matter needs it.
function told(event: MatterEvent['event']): MatterEvent['event'] {
  const matter = event?.value.matter;
  if (!matter) return event;
  return { ...event, value: { ...event.value, matter: { ...matter, instructions: '', parties: [] } } } as typeof event;
}

/** The assignments of these matters, the oldest first. */
export async function assignmentsOf(tx: Tx, matters: readonly Matter[]): Promise<Assignment[]> {
  const matterId = In(matters.map((matter) => matter.id));
  return tx.find(Assignment, { where: { tenantId: tx.tenantId, matterId }, order: { id: 'ASC' } });
}

/** The walls of a matter that stand. */
export async function wallsOf(tx: Tx, matterId: string): Promise<Wall[]> {
  return tx.find(Wall, { where: { tenantId: tx.tenantId, matterId, liftedAt: IsNull() }, order: { id: 'ASC' } });
}
