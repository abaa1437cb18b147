import { run } from '@paradesk/platform';
import { identity } from './identity.module.js';

await run(identity);
