import type { Type } from '@nestjs/common';
import type { Topic } from '@paradesk/contracts';
import type { MigrationInterface } from 'typeorm';
import type { z } from 'zod';
import type { ServiceShape } from '../grpc/service-definition.js';

/** All that makes a service. `main` runs one, `standalone` all of them, tests one with stubs around it. */
export interface ServiceDefinition {
  /** Name in addresses, tokens and databases, such as `billing`. */
  readonly name: string;
  /** The features. */
  readonly module: Type;
  /** The service's own settings; platform's come beside them. */
  readonly config: z.ZodObject;
  readonly entities: readonly (new () => object)[];
  readonly migrations: readonly (new () => MigrationInterface)[];
  /** What it serves: every service of the contracts that is its own. */
  readonly grpc: readonly ServiceShape[];
  /** What it hears of; each topic has exactly one handler. */
  readonly consumes: readonly Pick<Topic<unknown>, 'name'>[];
}

/** Checks the shape of a definition where it is written. */
export function defineService(definition: ServiceDefinition): ServiceDefinition {
  return definition;
}
