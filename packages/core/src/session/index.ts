export { createMemoryReplayStore, type ReplayStore } from '../tokens/replay-store.ts';
export {
  applyCookies,
  type CookieSettings,
  type CookieToSet,
  serializeCookie,
  updateCookieHeader,
} from './cookies.ts';
export { answerFailure, type FailureOptions } from './failures.ts';
export type { LoginOptions } from './login.ts';
export type { LogoutOptions } from './logout.ts';
export { createMemorySessionStore, type MemoryStoreOptions } from './memory-session-store.ts';
export { createMemoryTombstoneStore } from './memory-tombstone-store.ts';
export {
  answerNode,
  headersOfNode,
  type NodeRequest,
  type NodeResponse,
  type NodeSession,
  openNodeSession,
} from './node-requests.ts';
export type { RoutePaths, WebSessionOptions } from './options.ts';
export { isPathBelow } from './path-match.ts';
export { isPrefetch, isScriptFetch } from './request-checks.ts';
export type { RequestSession, RequestSessionOptions, SessionTokenRequest } from './request-session.ts';
export { addSessionHeaders, keepPrivate, sessionHeaders } from './responses.ts';
export { sanitizeReturnTo } from './return-to.ts';
export type { Session, User } from './session.ts';
export { checkSessionScopes, createSessionFetch, type SessionFetchInit } from './session-fetch.ts';
export type {
  SessionMatch,
  SessionRecord,
  SessionStore,
  TombstoneStore,
} from './session-store.ts';
export {
  createWebAuth,
  createWebAuthResolver,
  type WebAuth,
  type WebAuthResolverOptions,
} from './web-auth.ts';
export type { WebAuthOptions } from './web-auth-options.ts';
export { createWebSessions, type WebSessions } from './web-sessions.ts';
