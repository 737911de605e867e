// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { createTestAuthorizationServer } from '@countersign/testing';
import { expect, test } from 'vitest';
import { createWebAuth } from '../../../src/session/index.ts';
import type { WebAuthOptions } from '../../../src/session/web-auth-options.ts';
import {
  type Copy,
  createRegistration,
  createWebOptions,
  loadCopy,
  logIn,
} from '../../support/application-copies.ts';

// Applications in one process do not share cached sessions.

async function startApplications() {
  const server = await createTestAuthorizationServer({
    clients: [createRegistration('web'), createRegistration('shop')],
    users: [{ sub: 'alice' }, { sub: 'bob' }],
  });
  const base = createWebOptions(server);
  const second = await loadCopy();
  expect(second.createWebAuth).not.toBe(createWebAuth);
  const third = await loadCopy();
  const createApplication = (copy: Copy, more: Partial<WebAuthOptions>) =>
    copy.createWebAuth({ ...base, ...more }, null);
  const applications = {
    'the first': createApplication({ ...second, createWebAuth }, {}),
    'with another secret': createApplication(second, { secret: 'b'.repeat(43) }),
    'with another client': createApplication(third, { clientId: 'shop', clientSecret: 'shop-secret' }),
    'with another secret, in another copy': createApplication(third, { secret: 'c'.repeat(43) }),
    'with another cookie': createApplication(second, { cookie: { name: 'other' } }),
    'with a store': createApplication(second, { store: second.createMemorySessionStore() }),
    // With the same configuration, it would be another copy of the previous application.
    'with a separate store': createApplication(third, {
      store: third.createMemorySessionStore(),
      cookie: { name: 'separate' },
    }),
  };
  return { server, applications };
}

test('S37: never returns the session of another application, copy or user', {
  timeout: 60_000,
}, async () => {
  const { server, applications } = await startApplications();
  const logins: { readonly at: string; readonly sub: string; readonly cookie: string }[] = [];
  for (const [at, application] of Object.entries(applications)) {
    for (const sub of ['alice', 'bob'])
      logins.push({ at, sub, cookie: await logIn(application, server, sub) });
  }
  // In the second round, the sessions are cached.
  for (let round = 0; round < 2; round++) {
    for (const { at, sub, cookie } of logins) {
      for (const [name, { sessions }] of Object.entries(applications)) {
        const { session } = await sessions.open(cookie);
        expect(session?.user.sub, `${sub} of ${at} at ${name}`).toBe(name === at ? sub : undefined);
      }
    }
  }
});

test('S37: returns each token only to its session during concurrent refreshes', {
  timeout: 60_000,
}, async () => {
  const { server, applications } = await startApplications();
  const logins = [];
  for (const [at, application] of Object.entries(applications)) {
    for (const sub of ['alice', 'bob']) {
      logins.push({ at, sub, application, cookie: await logIn(application, server, sub) });
    }
  }
  server.clock.advance(3_590);
  await Promise.all(
    logins.map(async ({ at, sub, application, cookie }) => {
      const { accessToken } = await (await application.sessions.open(cookie)).getAccessToken();
      const claims = JSON.parse(atob(accessToken.split('.')[1]?.replace(/-/g, '+').replace(/_/g, '/') ?? ''));
      expect(claims.sub, at).toBe(sub);
      expect(claims.client_id, at).toBe(application.client.clientId);
    }),
  );
});

test('S37: a logout in one copy of the package ends the session in all copies', async () => {
  const server = await createTestAuthorizationServer({ clients: [createRegistration('web')] });
  const options = createWebOptions(server);
  const copies = [createWebAuth(options, null), (await loadCopy()).createWebAuth(options, null)] as const;
  const cookie = await logIn(copies[0], server, 'alice');
  for (const { sessions } of copies) expect((await sessions.open(cookie)).session?.user.sub).toBe('alice');
  await copies[1].sessions.startLogout(cookie);
  for (const { sessions } of copies) expect((await sessions.open(cookie)).session).toBeUndefined();
});
