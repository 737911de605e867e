import { createServer } from 'node:http';
import Provider, { type Configuration, type Grant } from 'oidc-provider';

/** The issuer, the port, and the configuration without resource servers, as JSON. */
const { issuer, port, audience, ...configuration } = JSON.parse(
  process.env.SETTINGS ?? '',
) as Configuration & {
  issuer: string;
  port: number;
  /** The audience of access tokens in JWT format. Without it, they are opaque. */
  audience?: string;
};

const provider = new Provider(issuer, {
  ...configuration,
  ...(audience && {
    // Its own dispatcher sends no logout token to loopback.
    fetch: (url, init) => fetch(url, { ...init, dispatcher: undefined } as RequestInit),
    features: {
      ...configuration.features,
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'items:read',
          audience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'PS256' } },
        }),
      },
    },
  }),
});
// The counting proxy is in front of it.
provider.proxy = true;

const grants = new Set<Grant>();
provider.on('grant.success', ({ oidc }) => {
  if (oidc.entities.Grant) grants.add(oidc.entities.Grant);
});
provider.on('server_error', (_, error) => console.log(error));
provider.on('backchannel.error', (_, error) => console.log(error));

const respond = provider.callback();
createServer(async (request, response) => {
  if (request.url !== '/administration/end') return void respond(request, response);
  await Promise.all([...grants].map((grant) => grant.destroy()));
  response.end();
}).listen(port, '127.0.0.1');
