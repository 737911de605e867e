export { sanitizeReturnTo } from '../protocol/return-to.ts';
export { createMemoryReplayStore, type ReplayStore } from '../tokens/replay-store.ts';
export { createMemorySessionStore, type MemoryStoreOptions } from './backends/memory-session-store.ts';
export { createMemoryTombstoneStore } from './backends/memory-tombstone-store.ts';
export type { Session, User } from './backends/session-state.ts';
export type {
  SessionMatch,
  SessionRecord,
  SessionStore,
  TombstoneStore,
} from './backends/session-store.ts';
export {
  applyCookies,
  type CookieSettings,
  type CookieToSet,
  serializeCookie,
  updateCookieHeader,
} from './cookies/cookies.ts';
export {
  handleNodeRequest,
  type NodeRequest,
  type NodeResponse,
  type NodeSession,
  openNodeSession,
  readNodeHeaders,
} from './http/node-requests.ts';
export { isPathBelow } from './http/path-match.ts';
export { isPrefetch, isScriptFetch } from './http/request-checks.ts';
export { addSessionHeaders, sessionHeaders, setPrivateCaching } from './http/responses.ts';
export type { RoutePaths, WebSessionOptions } from './options.ts';
export type { RequestSession, RequestSessionOptions, SessionTokenRequest } from './request-session.ts';
export { createErrorResponse, type FailureOptions } from './routes/failures.ts';
export type { StartLoginOptions } from './routes/login.ts';
export type { StartLogoutOptions } from './routes/logout.ts';
export { checkSessionScopes, createSessionFetch, type SessionFetchInit } from './session-fetch.ts';
export {
  createWebAuth,
  createWebAuthResolver,
  type WebAuth,
  type WebAuthResolverOptions,
} from './web-auth.ts';
export type { WebAuthOptions } from './web-auth-options.ts';
export { createWebSessions, type WebSessions } from './web-sessions.ts';
