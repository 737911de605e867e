import { atlassian, dex, github, type ProviderPreset } from '@countersign/core/providers';
import type { AuthOptions } from '@countersign/next';
import { addressVariants, findClusterVariant } from './address-variants';
import {
  createFaultySessionStore,
  createFaultySuccessors,
  createFaultyTombstoneStore,
  createSharedSessionStore,
} from './faults';

// One process serves several configurations, by the first label of the host: `stored.localhost:3000`. A test that sends the
// cookies of one host to another one sees what a new deployment with other options does.

const oldSecret = 'the-old-secret-with-more-than-thirty-two-characters';
const newSecret = 'the-new-secret-with-more-than-thirty-two-characters';

/** What the presets say about their providers. The provider of the tests has their answers. */
const presets = [dex({ issuer: 'https://dex.example.test' }), github(), atlassian()];

/** A preset at the provider of the tests, with the errors of another provider. */
const createProvider = ({ name, isLoginEnded }: ProviderPreset): ProviderPreset => ({
  name,
  isLoginEnded,
  issuer: process.env.AUTH_ISSUER ?? '',
  relaxes: [],
});

const variants: Readonly<Record<string, (host: string) => AuthOptions>> = {
  stored: () => ({ store: createFaultySessionStore() }),
  // Two processes with one store. An application with other secrets has its own memory.
  'process-a': () => ({ store: createSharedSessionStore(), secret: oldSecret }),
  'process-b': () => ({ store: createSharedSessionStore(), secret: [oldSecret, newSecret] }),
  tombstoned: () => ({ tombstones: createFaultyTombstoneStore() }),
  'two-hours': () => ({ idleLifetime: 7_200 }),
  'two-hours-stored': () => ({ idleLifetime: 7_200, store: createFaultySessionStore() }),
  'ten-minutes': () => ({ idleLifetime: 600, absoluteLifetime: 600 }),
  strict: () => ({ cookie: { sameSite: 'strict' } }),
  framed: (host) => ({ baseUrl: `https://${host}`, cookie: { sameSite: 'none', partitioned: true } }),
  'https-lax': (host) => ({ baseUrl: `https://${host}` }),
  'https-strict': (host) => ({ baseUrl: `https://${host}`, cookie: { sameSite: 'strict' } }),
  'https-none': (host) => ({ baseUrl: `https://${host}`, cookie: { sameSite: 'none' } }),
  'https-partitioned': (host) => ({
    baseUrl: `https://${host}`,
    cookie: { sameSite: 'none', partitioned: true },
  }),
  domain: (host) => ({ cookie: { domain: new URL(`http://${host}`).hostname } }),
  shop: () => ({ cookie: { name: 'shop' }, secret: oldSecret }),
  admin: () => ({ cookie: { name: 'admin' }, secret: newSecret }),
  // The name of the cookies is the same, and the secret differs.
  'foreign-a': () => ({ secret: oldSecret }),
  'foreign-b': () => ({ secret: newSecret }),
  old: () => ({ secret: oldSecret }),
  'old-new': () => ({ secret: [oldSecret, newSecret] }),
  'new-old': () => ({ secret: [newSecret, oldSecret] }),
  new: () => ({ secret: newSecret }),
  successors: () => ({ refresh: { successors: createFaultySuccessors() } }),
  ...Object.fromEntries(presets.map((preset) => [preset.name, () => ({ provider: createProvider(preset) })])),
  // Nothing listens on this port.
  down: () => ({ issuer: 'http://localhost:1' }),
  ...addressVariants,
};

export function findVariant(host: string, base: AuthOptions): AuthOptions {
  const [label = ''] = host.split('.');
  const variant = findClusterVariant(label) ?? variants[label]?.(host);
  return { ...base, baseUrl: `http://${host}${process.env.BASE_PATH ?? ''}`, ...variant };
}
