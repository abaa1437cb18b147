import { run } from '@paradesk/platform';
import { assignment } from './assignment.module.js';

await run(assignment);
