const audience = 'https://api.example.com';
const redirectUri = 'https://app.example.test/callback';

/** Verifies an access token of a test server, and prints its user. */
export async function run({ createClient, createAccessTokenVerifier, createTestAuthorizationServer }) {
  const { issuer, fetch, clock, mintAccessToken } = await createTestAuthorizationServer({
    resources: [audience],
  });
  createClient({ issuer, clientId: 'app', redirectUri, fetch, now: clock.now });
  const verifier = createAccessTokenVerifier({ issuer, audience, fetch, now: clock.now });
  const { sub } = await verifier.verifyToken(await mintAccessToken({ sub: 'alice' }));
  console.log(sub);
}
