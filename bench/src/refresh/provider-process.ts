import { startProvider } from 'identity-provider';
import { clientId, clientSecret, host, type Question } from './provider.ts';

// The provider in a separate process, so that its CPU time does not count.
let tokenRequests = 0;
const { provider, port } = await startProvider({
  issuer: `https://${host}`,
  accessTokenLifetime: 600,
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [`https://app.example/auth/callback`],
    },
  ],
  requestLog: ({ path }) => {
    if (path === '/token') tokenRequests++;
  },
});
provider.proxy = true;

/** Creates a grant and its first refresh token, as a login does. */
async function createRefreshToken(): Promise<string> {
  const client = await provider.Client.find(clientId);
  const accountId = 'user-alice';
  const scope = 'openid offline_access';
  const grant = new provider.Grant({ clientId, accountId });
  grant.addOIDCScope(scope);
  const grantId = await grant.save();
  const properties = {
    client,
    accountId,
    grantId,
    scope,
    gty: 'authorization_code',
    authTime: 1,
    rotations: 0,
  };
  return new provider.RefreshToken(properties as never).save();
}

process.on('message', async ({ id, kind }: Question) => {
  const response = kind === 'refresh-token' ? await createRefreshToken() : tokenRequests;
  process.send?.({ id, response });
});
process.on('disconnect', () => process.exit());
process.send?.({ id: 0, response: port });
