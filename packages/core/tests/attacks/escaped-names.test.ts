import { base64url, exportJWK, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import { clientSecretBasic, fetchUserinfo, introspectToken } from '../../src/index.ts';
import { createAccessTokenVerifier } from '../../src/resource-server/index.ts';
import { createRespondingClient, issuer } from '../fuzz/random-response.ts';
import { createHarness } from '../support/client/harness.ts';
import { audience } from '../support/resource-server/start-verifier.ts';

// `JSON.parse` of V8 14 can read an escaped name as another name that it has read before. PHP writes `\/` for each slash.
// An anonymous client sends a token with the other name, and the claim of another user has a wrong name.

const encode = (text: string) => base64url.encode(text);
const createResponse = (text: string, type = 'application/json') =>
  new Response(text, { headers: { 'content-type': type } });

/** The name in the JSON text, and the name that an anonymous client sends before. */
const names = {
  'https://api.example/suspended': 'https:\\/\\/api.example\\/suspended',
  'name with "quotes"': 'name with \\"quotes\\"',
};

const keyPair = await generateKeyPair('RS256');
const jwk = { ...(await exportJWK(keyPair.publicKey)), kid: 'k', alg: 'RS256' };

/** Signs the JSON text of claims. */
async function sign(text: string, header: object = {}): Promise<string> {
  const data = `${encode(JSON.stringify({ alg: 'RS256', kid: 'k', ...header }))}.${encode(text)}`;
  const signature = await crypto.subtle.sign(
    'RSASSA-PKCS1-v1_5',
    keyPair.privateKey,
    new TextEncoder().encode(data),
  );
  return `${data}.${base64url.encode(new Uint8Array(signature))}`;
}

describe.each(Object.entries(names))('a claim %j', (name, escapedName) => {
  const otherName = escapedName.slice(0, name.length);
  const addName = (members: object) => `${JSON.stringify(members).slice(0, -1)},"${escapedName}":true}`;
  const parseOtherName = (members: object) => JSON.parse(JSON.stringify({ ...members, [otherName]: 1 }));
  const now = Math.floor(Date.now() / 1000);

  test('an introspected token, after a rejected token of an anonymous client', async () => {
    const members = { active: true, sub: 'alice', client_id: 'app', aud: audience };
    const verifier = createAccessTokenVerifier({
      issuer,
      audience,
      fetch: async (url) =>
        createResponse(
          url.includes('.well-known')
            ? JSON.stringify({
                issuer,
                jwks_uri: `${issuer}/jwks`,
                introspection_endpoint: `${issuer}/introspection`,
              })
            : addName(members),
        ),
      introspection: { clientId: 'api', clientAuthentication: clientSecretBasic('secret'), maxAge: 0 },
      onEvent() {},
    });
    expect((await verifier.verifyToken('opaque-1')).claims).toHaveProperty([name], true);
    const payload = encode(JSON.stringify({ ...members, [otherName]: 1 }));
    const token = `${encode('{"alg":"RS256"}')}.${payload}.AAAA`;
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({ code: 'invalid_token' });
    expect((await verifier.verifyToken('opaque-2')).claims).toHaveProperty([name], true);
  });

  test.each(['JSON', 'a JWT'])('userinfo as %s', async (kind) => {
    const members = { iss: issuer, aud: 'web', sub: 'bob' };
    const jwt = await sign(addName(members));
    const { client } = createRespondingClient(
      (url) => {
        if (url.endsWith('/jwks')) return Response.json({ keys: [jwk] });
        return kind === 'JSON' ? createResponse(addName(members)) : createResponse(jwt, 'application/jwt');
      },
      kind === 'JSON' ? {} : { userinfoSignedResponseAlg: 'RS256' },
    );
    expect(await fetchUserinfo(client, 'token', 'bob')).toHaveProperty([name], true);
    parseOtherName(members);
    expect(await fetchUserinfo(client, 'token', 'bob')).toHaveProperty([name], true);
  });

  test.each(['JSON', 'a JWT'])('introspectToken() with a response as %s', async (kind) => {
    const members = { active: true, sub: 'bob' };
    const type = 'token-introspection+jwt';
    const envelope = JSON.stringify({ iss: issuer, aud: 'web', iat: now, token_introspection: 0 });
    const jwt = await sign(
      envelope.replace(/0\}$/, () => `${addName(members)}}`),
      { typ: type },
    );
    const { client } = createRespondingClient(
      (url) => {
        if (url.endsWith('/jwks')) return Response.json({ keys: [jwk] });
        return kind === 'JSON'
          ? createResponse(addName(members))
          : createResponse(jwt, `application/${type}`);
      },
      { clientAuthentication: clientSecretBasic('secret') },
    );
    expect(await introspectToken(client, 'token')).toHaveProperty([name], true);
    parseOtherName(members);
    expect(await introspectToken(client, 'token')).toHaveProperty([name], true);
  });

  test('the claims of an ID token', async () => {
    let isParsed = false;
    const harness = await createHarness({
      client: {
        fetch: async (url, init) => {
          const response = await harness.server.fetch(url, init);
          if (url.endsWith('/jwks')) return Response.json({ keys: [jwk] });
          if (!url.endsWith('/token')) return response;
          const body = await response.json();
          const claims = JSON.parse(new TextDecoder().decode(base64url.decode(body.id_token.split('.')[1])));
          if (isParsed) parseOtherName(claims);
          return Response.json({ ...body, id_token: await sign(addName(claims)) });
        },
      },
    });
    expect((await harness.logIn()).claims).toHaveProperty([name], true);
    isParsed = true;
    expect((await harness.logIn()).claims).toHaveProperty([name], true);
  });
});

test('a claim with an escaped name must be signed', async () => {
  const [header, , signature] = (await sign('{"sub":"bob"}')).split('.');
  const payload = encode(`{"iss":"${issuer}","aud":"web","sub":"bob","\\u0061dmin":true}`);
  const { client } = createRespondingClient(
    (url) =>
      url.endsWith('/jwks')
        ? Response.json({ keys: [jwk] })
        : createResponse(`${header}.${payload}.${signature}`, 'application/jwt'),
    { userinfoSignedResponseAlg: 'RS256' },
  );
  await expect(fetchUserinfo(client, 'token', 'bob')).rejects.toMatchObject({
    code: 'userinfo_invalid',
    check: 'signature',
  });
});
