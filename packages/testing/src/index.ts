export type { TestClock } from './clock.ts';
export {
  type AuthorizationRedirect,
  createTestAuthorizationServer,
  type MintOptions,
  type TestAuthorizationServer,
} from './create-server.ts';
export type { Fault } from './faults/index.ts';
export type { FlavourName } from './flavours/flavour-name.ts';
export type {
  Endpoint,
  Failure,
  TestAuthorizationServerOptions,
  TestClient,
  TestUser,
} from './options.ts';
export {
  type RefreshOutcome,
  type RefreshRejection,
  refreshRejections,
} from './refresh-rejections.ts';
export type { LoggedRequest, ScriptedAnswer } from './state.ts';
