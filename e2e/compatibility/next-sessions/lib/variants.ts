import type { AuthOptions } from '@countersign/next';
import { createFaultySessionStore, createFaultySuccessors } from './faults';

// One process serves several configurations, by the first label of the host: `stored.localhost:3000`. A test that sends the
// cookies of one host to another one sees what a new deployment with other options does.

const oldSecret = 'the-old-secret-with-more-than-thirty-two-characters';
const newSecret = 'the-new-secret-with-more-than-thirty-two-characters';

const variants: Readonly<Record<string, (host: string) => AuthOptions>> = {
  stored: () => ({ store: createFaultySessionStore() }),
  'two-hours': () => ({ idleLifetime: 7_200 }),
  'two-hours-stored': () => ({ idleLifetime: 7_200, store: createFaultySessionStore() }),
  'ten-minutes': () => ({ idleLifetime: 600, absoluteLifetime: 600 }),
  strict: () => ({ cookie: { sameSite: 'strict' } }),
  framed: (host) => ({ baseUrl: `https://${host}`, cookie: { sameSite: 'none', partitioned: true } }),
  domain: (host) => ({ cookie: { domain: new URL(`http://${host}`).hostname } }),
  shop: () => ({ cookie: { name: 'shop' }, secret: oldSecret }),
  admin: () => ({ cookie: { name: 'admin' }, secret: newSecret }),
  old: () => ({ secret: oldSecret }),
  'old-new': () => ({ secret: [oldSecret, newSecret] }),
  'new-old': () => ({ secret: [newSecret, oldSecret] }),
  new: () => ({ secret: newSecret }),
  successors: () => ({ refresh: { successors: createFaultySuccessors() } }),
  // Nothing listens on this port.
  down: () => ({ issuer: 'http://localhost:1' }),
};

export function findVariant(host: string, base: AuthOptions): AuthOptions {
  const [label = ''] = host.split('.');
  return { ...base, baseUrl: `http://${host}${process.env.BASE_PATH ?? ''}`, ...variants[label]?.(host) };
}
