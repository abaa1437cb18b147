import type { Fault } from './fault.js';
import { killFaults } from './f01-kill.js';
import { stopFaults } from './f02-stop.js';
import { freezeFaults } from './f03-freeze.js';
import { brokerFaults } from './f04-broker.js';
import { postmasterFaults } from './f05-postmaster.js';
import { sessionFaults } from './f06-sessions.js';
import { networkFaults } from './f07-network.js';
import { clockFaults } from './f08-clock.js';
import { duplicateFaults } from './f10-duplicates.js';
import { reorderFaults } from './f11-reorder.js';
import { poisonFaults } from './f12-poison.js';
import { slowConsumerFaults } from './f13-slow-consumer.js';
import { relayFaults } from './f14-two-relays.js';

/** Every fault, in the order in which they are injected. */
export const allFaults: readonly Fault[] = [
  ...killFaults,
  ...stopFaults,
  ...freezeFaults,
  ...brokerFaults,
  ...postmasterFaults,
  ...sessionFaults,
  ...networkFaults,
  ...clockFaults,
  ...duplicateFaults,
  ...reorderFaults,
  ...poisonFaults,
  ...slowConsumerFaults,
  ...relayFaults,
];
