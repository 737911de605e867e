import { setTimeout as delay } from 'node:timers/promises';
import { accessTokenLife } from './environment.ts';

/** Renewed ahead, from half of the token's life on. */
export const untilRenewalIsDue = () => delay((accessTokenLife / 2 + 1) * 1000);
