export { authorize } from './authorize.js';
export { type Caller } from './caller.js';
export {
  decide,
  type AccessRequest,
  type Allowed,
  type Decision,
  type MatterFacts,
  type Principal,
  type Refused,
  type Resource,
} from './decide.js';
export { policies, type Policy } from './policy-set.js';
export { refusalOf, type Subject } from './refusal.js';
export {
  effectiveClass,
  OWN_KIND,
  requireTightening,
  ruleOf,
  taskCatalogue,
  type Tightenings,
  type WorkKind,
} from './task-catalogue.js';
