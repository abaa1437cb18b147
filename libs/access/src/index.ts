export { authorize } from './authorize.js';
export { type Caller } from './caller.js';
