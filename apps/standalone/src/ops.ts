import { parseArgs } from 'node:util';
import { eventsTable } from './ops/events-table.js';
import { openOperator } from './ops/operator.js';

const USAGE = `npm run ops -- parked list [--json]
npm run ops -- parked redrive SERVICE AGGREGATE [--json]
npm run ops -- parked discard SERVICE AGGREGATE EVENT --reason TEXT [--json]`;

// What operators do on a running system. It is found by PARADESK_DATA; PARADESK_OPERATOR is the UUID that the audit trail knows them by.
try {
  console.log(await main());
} catch (error) {
  console.error(`ops: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
// Connections that are kept open for a next request must not keep the process.
process.exit();

async function main(): Promise<string> {
  const { words, json, reason } = parsed();
  const [subject, verb, ...rest] = words;
  const [service = '', aggregateId = '', eventId = ''] = rest;
  const operator = openOperator(process.env);
  const answer = (value: object, text: string) => (json ? JSON.stringify(value) : text);
  switch (`${subject} ${verb} ${rest.length}`) {
    case 'parked list 0': {
      const events = await operator.listParked();
      return answer({ events }, eventsTable(events));
    }
    case 'parked redrive 2': {
      const redrive = await operator.redrive(service, aggregateId);
      return answer(redrive, `${redrive.handled} took effect, ${redrive.parked} are still parked`);
    }
    case 'parked discard 3': {
      if (!reason) throw new Error('a discard needs --reason TEXT, for the audit trail');
      await operator.discard({ service, aggregateId, eventId, reason });
      return answer({ discarded: eventId }, `${eventId} is given up; what waited behind it goes on`);
    }
    default:
      throw new Error(`takes one of\n${USAGE}`);
  }
}

function parsed() {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean', default: false }, reason: { type: 'string' } },
    allowPositionals: true,
  });
  return { words: positionals, json: values.json, reason: values.reason };
}
