// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test, vi } from 'vitest';
import { events, openSignedInPage, provider } from '../../support/browser/browser-page.ts';

describe('the revocation request of a logout', () => {
  test('has a DPoP proof, and is repeated with the nonce of the provider', async () => {
    const proofs: (string | null)[] = [];
    const savedNonces: string[] = [];
    const { auth } = await openSignedInPage({
      dpop: async () => ({
        thumbprint: 'thumbprint',
        createProof: async () => `proof ${savedNonces.at(-1) ?? ''}`,
        saveNonce(_url, headers) {
          const nonce = headers.get('dpop-nonce');
          if (!nonce || savedNonces.includes(nonce)) return false;
          savedNonces.push(nonce);
          return true;
        },
      }),
      fetch: async (url, init) => {
        if (url.endsWith('/token')) provider.body = (body) => ({ ...body, token_type: 'DPoP' });
        if (!url.endsWith('/revoke')) return provider.fetch(url, init);
        const proof = new Headers(init.headers).get('dpop');
        proofs.push(proof);
        if (proof === 'proof n1') return provider.fetch(url, init);
        return new Response('{"error":"use_dpop_nonce"}', {
          status: 400,
          headers: { 'content-type': 'application/json', 'dpop-nonce': 'n1' },
        });
      },
    });
    await auth.logout({ localOnly: true });
    expect(proofs).toEqual(['proof', 'proof n1']);
    expect(provider.revoked).toEqual([expect.stringMatching(/^refresh-/)]);
    expect(events.map(({ type }) => type)).not.toContain('logout.incomplete');
  });

  test.each([
    ['status 503', () => new Response(null, { status: 503 }), 'server_error'],
    ['an error', () => Response.json({ error: 'invalid_request' }, { status: 400 }), 'token_error'],
    ['an empty 400', () => new Response(null, { status: 400 }), 'token_error'],
    ['no response', () => Promise.reject(new TypeError('failed to fetch')), 'network_error'],
  ])('is reported if it fails with %s, and the user is logged out', async (_, respond, code) => {
    const fetch: typeof provider.fetch = async (url, init) =>
      url.endsWith('/revoke') ? respond() : provider.fetch(url, init);
    const { auth, visited } = await openSignedInPage({ fetch });
    await auth.logout();
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'logout.incomplete', part: 'refresh_token', code }),
    );
    expect(auth.snapshot().status).toBe('signed-out');
    expect(visited.at(-1)).toContain('/logout?');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const silent = await openSignedInPage({ fetch, onEvent: undefined as never });
    await silent.auth.logout({ localOnly: true });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining(code));
    expect(JSON.stringify(warn.mock.calls)).not.toContain('refresh-');
    warn.mockRestore();
  });

  test.each([
    ['no body', () => new Response()],
    [
      'an empty body with the content type JSON',
      () => new Response('', { headers: { 'content-type': 'application/json' } }),
    ],
    ['text', () => new Response('ok')],
  ])('succeeds if the response has status 200 and %s', async (_, respond) => {
    const { auth } = await openSignedInPage({
      fetch: async (url, init) => (url.endsWith('/revoke') ? respond() : provider.fetch(url, init)),
    });
    await auth.logout({ localOnly: true });
    expect(events.map(({ type }) => type)).not.toContain('logout.incomplete');
  });
});
