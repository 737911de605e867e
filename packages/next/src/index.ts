export type { AccessToken } from '@countersign/core';
export type { Session, SessionTokenRequest, User } from '@countersign/core/session';
export { type Auth, createAuth } from './create-auth.ts';
export type { AuthOptions } from './options.ts';
export type { ProxyOptions } from './proxy.ts';
