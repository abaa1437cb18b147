import { run } from '@paradesk/platform';
import { billing } from './billing.module.js';

await run(billing);
