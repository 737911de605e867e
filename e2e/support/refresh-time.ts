import { setTimeout as delay } from 'node:timers/promises';

/** Lifetime of access tokens in seconds. It is short, so that tests can wait for the expiry. */
export const accessTokenLifetime = 12;

/** Waits until a token can be refreshed before its expiry, after half of its lifetime. */
export const waitUntilRefreshIsDue = () => delay((accessTokenLifetime / 2 + 1) * 1000);
