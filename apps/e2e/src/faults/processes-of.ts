import type { ControlledProcess, World } from './fault.js';

/** All processes of a service: itself, and its replicas. @throws Error where there is none */
export function processesOf({ processes }: World, service: string): ControlledProcess[] {
  const found = Object.values(processes).filter(({ name }) => name === service || name.startsWith(`${service}-`));
  if (found.length === 0) throw new Error(`there is no process of ${service}`);
  return found;
}

/** A service that runs twice, with both processes. @throws Error where there is none */
export function replicated(world: World, service: string): { first: ControlledProcess; second: ControlledProcess } {
  const [first, second] = processesOf(world, service);
  if (!first || !second) throw new Error(`${service} runs only once`);
  return { first, second };
}

/** The services that run twice. */
export function replicatedServices({ processes }: World): string[] {
  const replicas = Object.keys(processes).filter((name) => name.endsWith('-2'));
  return replicas.map((name) => name.slice(0, -'-2'.length));
}
