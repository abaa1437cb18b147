import { Client } from './clients/client.entity.js';
import { Assignment } from './matters/assignment.entity.js';
import { Matter } from './matters/matter.entity.js';
import { CreateCopies1767225600000 } from './migrations/1767225600000-create-copies.js';
import { CreateMatters1767225600001 } from './migrations/1767225600001-create-matters.js';
import { Person } from './people/person.entity.js';

export const entities = [Client, Person, Matter, Assignment];

export const migrations = [CreateCopies1767225600000, CreateMatters1767225600001];
