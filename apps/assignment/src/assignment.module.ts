import { Module } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import { MattersServiceService } from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { WallsServiceService } from '@paradesk/contracts/paradesk/assignment/v1/walls';
import { defineService } from '@paradesk/platform';
import { ClientsModule } from './clients/clients.module.js';
import { assignmentConfig } from './config.js';
import { entities, migrations } from './data-source.js';
import { MattersModule } from './matters/matters.module.js';
import { PeopleModule } from './people/people.module.js';
import { TaskKindsModule } from './task-kinds/task-kinds.module.js';
import { TenantsModule } from './tenants/tenants.module.js';
import { WallsModule } from './walls/walls.module.js';

@Module({ imports: [TenantsModule, TaskKindsModule, ClientsModule, PeopleModule, MattersModule, WallsModule] })
export class AssignmentModule {}

/** Matters, and who works on them. */
export const assignment = defineService({
  name: 'assignment',
  module: AssignmentModule,
  config: assignmentConfig,
  entities,
  migrations,
  grpc: [MattersServiceService, WallsServiceService],
  consumes: [topics.tenants, topics.task_kinds, topics.clients, topics.people, topics.erasures],
});
