import { setTimeout as delay } from 'node:timers/promises';
import { accessTokenLifetime } from './environment.ts';

/** Waits until a token can be refreshed before its expiry, after half of its lifetime. */
export const waitUntilRefreshIsDue = () => delay((accessTokenLifetime / 2 + 1) * 1000);
