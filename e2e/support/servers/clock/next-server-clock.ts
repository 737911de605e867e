import { join } from 'node:path';
import { logs } from '../../environment.ts';
import { openDrivenClock } from './driven-clock.ts';

/** In seconds. */
export const accessTokenLifetime = 300;

export const clockFile = join(logs, 'milliseconds');

/** Opens the clock of the servers that all tests of next-web share. */
export const openServerClock = () => openDrivenClock(clockFile);

/** Advances the clock of the shared servers until a token is refreshed before its expiry. */
export const advanceUntilRefreshIsDue = () => openServerClock().advance(accessTokenLifetime - 10);
