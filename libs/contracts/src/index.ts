export { effectiveRule, violationsOf, type EffectiveRule } from './field-rules.js';
export { descriptorSetBytes, registry, rpcs, scopeOf, scopes, type HttpBinding, type Rpc } from './registry.js';
export { topics, type Topic } from './topics.js';
export { fromDate, fromMoney, fromTimestamp, toDate, toMoney, toTimestamp } from './values.js';
