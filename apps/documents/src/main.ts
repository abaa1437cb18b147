import { run } from '@paradesk/platform';
import { documents } from './documents.module.js';

await run(documents);
