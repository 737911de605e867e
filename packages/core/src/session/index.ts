export { applyCookies, type CookieSettings, type CookieToSet, serializeCookie } from './cookies.ts';
export type { LoginOptions } from './login.ts';
export type { LogoutOptions } from './logout.ts';
export {
  createMemoryReplayStore,
  createMemorySessionStore,
  createMemoryTombstoneStore,
  type MemoryStoreOptions,
} from './memory-session-store.ts';
export type { RoutePaths, WebSessionOptions } from './options.ts';
export { isPrefetch, isScriptFetch } from './request-checks.ts';
export type { RequestSession, RequestSessionOptions, SessionTokenRequest } from './request-session.ts';
export { sessionHeaders } from './responses.ts';
export { sanitizeReturnTo } from './return-to.ts';
export type { Session, User } from './session.ts';
export type {
  ReplayStore,
  SessionMatch,
  SessionRecord,
  SessionStore,
  TombstoneStore,
} from './session-store.ts';
export { createWebSessions, type WebSessions } from './web-sessions.ts';
