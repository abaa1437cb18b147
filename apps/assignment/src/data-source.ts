import { Client } from './clients/client.entity.js';
import { Assignment } from './matters/assignment.entity.js';
import { Matter } from './matters/matter.entity.js';
import { CreateCopies1767225600000 } from './migrations/1767225600000-create-copies.js';
import { CreateMatters1767225600001 } from './migrations/1767225600001-create-matters.js';
import { CreateStaffingCopies1767225607000 } from './migrations/1767225607000-create-staffing-copies.js';
import { RaiseWalls1767225609000 } from './migrations/1767225609000-raise-walls.js';
import { KnowDeactivatedPeople1767225610000 } from './migrations/1767225610000-know-deactivated-people.js';
import { Person } from './people/person.entity.js';
import { Tenant } from './tenants/tenant.entity.js';
import { Wall } from './walls/wall.entity.js';

export const entities = [Tenant, Client, Person, Matter, Assignment, Wall];

export const migrations = [
  CreateCopies1767225600000,
  CreateMatters1767225600001,
  CreateStaffingCopies1767225607000,
  RaiseWalls1767225609000,
  KnowDeactivatedPeople1767225610000,
];
