// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import type { TestUser } from '@countersign/testing';
import { expect, test } from 'vitest';
import { type AcceptTenant, entra, personalAccounts } from '../../../src/providers/index.ts';
import { createSessionOptions, createWebApp, sessionKinds } from '../../support/web-browser.ts';

const tenant = '0a1b2c3d-0000-4000-8000-00000000000a';
const otherTenant = '0a1b2c3d-0000-4000-8000-00000000000b';
const createIssuer = (id: string) => `https://login.microsoftonline.com/${id}/v2.0`;

const createUser = (tid: unknown): TestUser => ({ sub: 'alice', claims: { tid } });

function createApp(
  kind: (typeof sessionKinds)[number],
  { user, acceptTenant = [tenant] }: { readonly user: TestUser; readonly acceptTenant?: AcceptTenant },
) {
  const provider = entra({ tenant: 'organizations', acceptTenant });
  return createWebApp(createSessionOptions(kind), {
    client: { issuer: provider.issuer, provider },
    server: { flavour: 'entra-multitenant', users: [user] },
  });
}

test.each(sessionKinds)('a %s session belongs to the issuer of the user', async (kind) => {
  const { open, sessions, server } = await createApp(kind, { user: createUser(tenant) });
  const browser = open();
  await browser.logIn();
  const read = async () => (await sessions.open(browser.header())).session;
  expect((await read())?.user).toMatchObject({ iss: createIssuer(tenant), sub: 'alice' });
  const logOut = async (id: string) => {
    const token = await server.mintLogoutToken({
      iss: createIssuer(id),
      tid: id,
      aud: 'web',
      sub: 'alice',
      sid: undefined,
    });
    const body = new URLSearchParams({ logout_token: token });
    return (await browser.visit('/auth/backchannel-logout', { method: 'POST', body })).status;
  };
  // The same `sub` of another tenant is another user.
  expect(await logOut(otherTenant)).toBe(200);
  expect(await read()).toBeDefined();
  expect(await logOut(tenant)).toBe(200);
  expect(await read()).toBeUndefined();
});

test.each<readonly [string, unknown, AcceptTenant | undefined]>([
  ['a tenant that is not accepted', otherTenant, undefined],
  ['a personal account', personalAccounts, undefined],
  ['the placeholder as tid', '{tenantid}', undefined],
  ['a tid with a path', `x/../${tenant}`, undefined],
  ['a function that returns false', tenant, () => false],
  [
    'a function that throws',
    tenant,
    () => {
      throw new Error('no database');
    },
  ],
])('%s starts no session', async (_, tid, acceptTenant) => {
  for (const kind of sessionKinds) {
    const { open } = await createApp(kind, { user: createUser(tid), ...(acceptTenant && { acceptTenant }) });
    const browser = open();
    const response = await browser.logIn();
    expect(response.status).toBeGreaterThanOrEqual(400);
    // The cookie of the started login has no session.
    expect([...browser.cookies.keys()]).toEqual(['__Host-session.started']);
  }
});
