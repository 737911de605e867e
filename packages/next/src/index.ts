export type { AccessToken } from '@countersign/core';
export type { Session, SessionFetchInit, SessionTokenRequest, User } from '@countersign/core/session';
export { setPrivateCaching } from '@countersign/core/session/adapter';
export { type Auth, createAuth, type SessionHelpers } from './create-auth.ts';
export type { AuthOptions } from './options.ts';
export type { Protect, ProtectOptions } from './protected-wrappers.ts';
export type { ProxyOptions } from './proxy/proxy-options.ts';
export type { PagesRequest } from './routers/pages-router-session.ts';
