import { run } from '@paradesk/platform';
import { communications } from './communications.module.js';

await run(communications);
