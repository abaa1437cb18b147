export { BreakableLink } from './breakable-link.js';
export { aCaller, TokenMint } from './callers.js';
export { MailCatcher, type CaughtMail } from './mail-catcher.js';
export { forgeries, goodToken, type ForgedAgainst, type Forgery } from './forgeries.js';
export { FakeClock } from './fake-clock.js';
export { PeerStubs } from './peer-stubs.js';
export { dropDatabase, freshDatabase, testServerUrl } from './postgres-for-tests.js';
export { ServiceUnderTest, type DeliveredEvent, type PublishedEvent, type TestCall } from './start-service.js';
