import * as oauth from 'oauth4webapi';

const client: oauth.Client = { client_id: 'app' };
const issuer = new URL('https://id.example');
const redirectUri = 'https://app.example/callback';
const discover = async () =>
  oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oidc' }));

export async function login(): Promise<void> {
  const server = await discover();
  const verifier = oauth.generateRandomCodeVerifier();
  const login = { verifier, state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce() };
  sessionStorage.setItem('login', JSON.stringify(login));
  const url = new URL(server.authorization_endpoint as string);
  url.search = new URLSearchParams({
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid offline_access',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: login.state,
    nonce: login.nonce,
  }).toString();
  location.assign(url);
}

export async function callback(): Promise<oauth.TokenEndpointResponse> {
  const server = await discover();
  const login = JSON.parse(sessionStorage.getItem('login') as string);
  const parameters = oauth.validateAuthResponse(server, client, new URL(location.href), login.state);
  const authentication = oauth.None();
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    parameters,
    redirectUri,
    login.verifier,
  );
  return oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: login.nonce,
    requireIdToken: true,
  });
}

export async function refresh(refreshToken: string): Promise<oauth.TokenEndpointResponse> {
  const server = await discover();
  const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken);
  return oauth.processRefreshTokenResponse(server, client, response);
}
