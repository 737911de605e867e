export { createMemoryReplayStore, type ReplayStore } from '../tokens/stores/replay-store.ts';
export type { SessionCacheStatistics } from './backends/session-backend.ts';
export type { Session, User } from './backends/state/session-state.ts';
export { createMemorySessionStore, type MemoryStoreOptions } from './backends/stores/memory-session-store.ts';
export { createMemoryTombstoneStore } from './backends/stores/memory-tombstone-store.ts';
export type { SessionMatch, SessionRecord, SessionStore } from './backends/stores/session-store.ts';
export type { TombstoneStore } from './backends/stores/tombstone-store.ts';
export { type CookieSettings, type CookieToSet, serializeCookie } from './cookies/cookies.ts';
export type { RouterRequest } from './http/request-checks.ts';
export type { RoutePaths } from './http/route-paths.ts';
export type { WebSessionOptions } from './options.ts';
export type { SessionFailureOptions } from './pages/error-responses.ts';
export type { OwnPage, OwnPages, PageContext } from './pages/own-pages.ts';
export type {
  PageLabels,
  PageMessages,
  PageMessagesOption,
  PageName,
  PageText,
} from './pages/page-messages.ts';
export type {
  FailedRefresh,
  RequestSession,
  RequestSessionOptions,
  SessionTokenRequest,
} from './requests/request-session.ts';
export { checkSessionScopes, createSessionFetch, type SessionFetchInit } from './requests/session-fetch.ts';
export type { StartLoginOptions } from './routes/login/login-route.ts';
export type { StartLogoutOptions } from './routes/logout/logout-route.ts';
export { createWebAuth, type WebAuth } from './web-auth.ts';
export type { WebAuthOptions } from './web-auth-options.ts';
export { createWebSessions, type WebSessions } from './web-sessions.ts';
