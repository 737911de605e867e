// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { expect, test } from 'vitest';
import { createPage, provider, startLogin, time } from '../support/browser/browser-page.ts';
import { json } from '../support/browser/browser-provider.ts';
import { weakKeys } from '../support/weak-keys.ts';

/** Logs in with an ID token that a function signs. */
async function logIn(sign: (claims: Record<string, unknown>) => Promise<string>) {
  const page = createPage();
  const url = await startLogin(page);
  const seconds = Math.floor(time / 1000);
  const claims = {
    iss: provider.issuer,
    sub: 'user-1',
    aud: 'spa',
    iat: seconds,
    exp: seconds + 300,
    nonce: new URL(url).searchParams.get('nonce'),
  };
  provider.intercept = async () =>
    json({ access_token: 'a', token_type: 'Bearer', expires_in: 60, id_token: await sign(claims) });
  await page.auth.handleCallback(provider.approve(url));
  return page.auth.snapshot();
}

test.each(weakKeys)('A1: a page rejects an ID token by a key with $name', async ({ jwk, kid, sign }) => {
  // Unusable keys before the valid one do not prevent a login.
  provider.keys.unshift({ ...jwk, kid }, { kty: 'RSA', kid: 7 }, { kty: 5 });
  await expect(logIn((claims) => sign({}, claims))).rejects.toMatchObject({
    code: 'id_token_invalid',
    check: 'kid',
  });
  await expect(logIn((claims) => provider.sign(claims))).resolves.toMatchObject({ status: 'signed-in' });
});
