import type { ClientMetadata } from 'oidc-provider';

/** The origins of the demo apps that serve pages. */
export interface AppOrigins {
  readonly nextWeb: string;
  readonly angularSpa: string;
  /** The server-rendered Angular app. */
  readonly angularSsr?: string;
}

/** Creates one client for each demo app. */
export function createDemoClients({ nextWeb, angularSpa, angularSsr }: AppOrigins): ClientMetadata[] {
  const angular = [angularSpa, ...(angularSsr ? [angularSsr] : [])];
  return [
    {
      client_id: 'next-web',
      client_name: 'Next.js web app',
      client_secret: 'next-web-demo-secret',
      token_endpoint_auth_method: 'client_secret_basic',
      application_type: 'web',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [`${nextWeb}/auth/callback`],
      post_logout_redirect_uris: [`${nextWeb}/`],
      backchannel_logout_uri: `${nextWeb}/auth/backchannel-logout`,
      // Also adds `sid` to the ID token, so that a logout token identifies the session that ended.
      backchannel_logout_session_required: true,
    },
    {
      client_id: 'angular-spa',
      client_name: 'Angular app',
      token_endpoint_auth_method: 'none',
      application_type: 'web',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: angular.flatMap((origin) =>
        ['callback', 'silent-callback.html', 'popup-callback.html'].map((page) => `${origin}/${page}`),
      ),
      post_logout_redirect_uris: angular.map((origin) => `${origin}/`),
    },
    {
      client_id: 'angular-reports',
      client_name: 'Reports in the Angular app',
      token_endpoint_auth_method: 'none',
      application_type: 'web',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: angular.map((origin) => `${origin}/reports`),
      post_logout_redirect_uris: angular.map((origin) => `${origin}/`),
    },
    {
      client_id: 'angular-native',
      client_name: 'Angular app in a native shell',
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      // RFC 8252 sections 7.1 and 7.2. The last URI is the origin of the shell's pages.
      redirect_uris: [
        'com.example.countersign:/callback',
        'https://app.countersign.example/callback',
        `${angularSpa}/callback`,
      ],
    },
    {
      client_id: 'native-cli',
      client_name: 'Native client',
      token_endpoint_auth_method: 'none',
      // RFC 8252 section 7.3: any port of the loopback interface.
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      redirect_uris: ['http://127.0.0.1/callback'],
    },
  ];
}

/** A public client may introspect only its own tokens. A confidential client may introspect any token. */
export const isPublic = (client: { readonly clientAuthMethod?: string | undefined }): boolean =>
  client.clientAuthMethod === 'none';

/** Whether this origin may read responses to the client: only origins of its redirect URIs may (CORS). */
export function isOriginOfClient(origin: string, redirectUris: readonly string[] | undefined): boolean {
  return (redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin);
}
