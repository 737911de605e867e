import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clientSecretBasic } from '@countersign/core';
import { keycloak as createPreset } from '@countersign/core/providers';
import { root, startService } from '../../../scripts/lib/processes/process.ts';
import { createRegistration, type InteropServer } from '../server.ts';
import { execute } from './support/execute.ts';
import { downloadZip } from './support/maven.ts';
import { provideToolchain } from './support/toolchains.ts';
import { waitForServer } from './support/wait-for-server.ts';

const version = '26.7.0';
const folder = join(root, '.test/interop/keycloak');
const home = join(folder, `keycloak-${version}`);
const script = join(home, 'bin/kc.sh');
const built = join(folder, 'built');
const realm = 'interop';
const administrator = { username: 'admin', password: 'admin-of-tests' };
const environment = {
  KC_BOOTSTRAP_ADMIN_USERNAME: administrator.username,
  KC_BOOTSTRAP_ADMIN_PASSWORD: administrator.password,
  JAVA_OPTS_KC_HEAP: '-Xms128m -Xmx512m',
  JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1',
};
const account = { login: 'alice', password: 'alice-of-tests' };
const secret = 'web-secret_of.tests';
const audience = 'https://api.example';
const accessTokenLifetime = 300;

export const keycloak: InteropServer = {
  name: 'Keycloak',
  version,
  source: 'Maven',
  unsupported: {},
  async provide() {
    const missing = await provideToolchain('java', 'maven');
    if (missing !== undefined || existsSync(built)) return missing;
    await rm(folder, { recursive: true, force: true });
    await downloadZip('org.keycloak:keycloak-quarkus-dist', version, folder);
    // Keycloak compiles its configuration once.
    await execute('sh', [script, 'build', '--db=dev-mem'], folder, environment);
    await writeFile(built, '');
    return undefined;
  },
  async start({ origin, port, application }) {
    const args = [
      'start',
      '--optimized',
      '--http-enabled=true',
      `--http-port=${port}`,
      `--hostname=${origin}`,
    ];
    const service = startService('Keycloak', {
      command: 'sh',
      args: [script, ...args, '--hostname-backchannel-dynamic=true', '--cache=local'],
      env: environment,
    });
    await waitForServer(service, `http://127.0.0.1:${port}/realms/master`);
    const admin = await logInAsAdministrator(`http://127.0.0.1:${port}`);
    await admin('POST', '', createRealm(application));
    const issuer = `${origin}/realms/${realm}`;
    return {
      options: { provider: createPreset({ issuer }), scope: 'openid profile email' },
      web: { clientId: 'web', clientAuthentication: clientSecretBasic(secret) },
      wrongAuthentication: clientSecretBasic(`${secret}-wrong`),
      direct: { clientId: 'spa' },
      account,
      accessTokenLifetime,
      api: { audience },
      endSessions: async (sub) => {
        await admin('POST', `/${realm}/users/${sub}/logout`);
      },
      rotateKeys: async () => {
        await admin('POST', `/${realm}/components`, {
          name: 'rotated',
          providerId: 'rsa-generated',
          providerType: 'org.keycloak.keys.KeyProvider',
          config: { priority: ['1000'], algorithm: ['RS256'], enabled: ['true'], active: ['true'] },
        });
      },
      readLog: () => service.tail(),
      stop: () => service.stop(),
    };
  },
};

type AdministratorRequest = (method: string, path: string, body?: object) => Promise<void>;

async function logInAsAdministrator(origin: string): Promise<AdministratorRequest> {
  const response = await fetch(`${origin}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...administrator }),
  });
  if (!response.ok) throw new Error(`Keycloak rejected its administrator: ${await response.text()}`);
  const { access_token: token } = (await response.json()) as { access_token: string };
  return async (method, path, body) => {
    const answer = await fetch(`${origin}/admin/realms${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`Keycloak: ${method} ${path}: ${answer.status} ${await answer.text()}`);
    await answer.body?.cancel();
  };
}

function createRealm(application: string) {
  const registration = createRegistration(application);
  const audienceMapper = {
    name: 'audience',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-audience-mapper',
    config: { 'included.custom.audience': audience, 'access.token.claim': 'true', 'id.token.claim': 'false' },
  };
  const client = {
    protocol: 'openid-connect',
    standardFlowEnabled: true,
    protocolMappers: [audienceMapper],
    webOrigins: [application],
  };
  return {
    realm,
    enabled: true,
    accessTokenLifespan: accessTokenLifetime,
    // Each refresh token is valid once only.
    revokeRefreshToken: true,
    refreshTokenMaxReuse: 0,
    clients: [
      {
        ...client,
        clientId: 'web',
        secret,
        redirectUris: [registration.redirectUri],
        attributes: {
          'post.logout.redirect.uris': registration.postLogoutRedirectUri,
          'backchannel.logout.url': registration.backchannelLogoutUri,
          'backchannel.logout.session.required': 'true',
        },
      },
      {
        ...client,
        clientId: 'spa',
        publicClient: true,
        redirectUris: [registration.directRedirectUri],
        attributes: { 'pkce.code.challenge.method': 'S256' },
      },
    ],
    users: [
      {
        username: account.login,
        firstName: 'Alice',
        lastName: 'Example',
        email: 'alice@example.com',
        emailVerified: true,
        enabled: true,
        credentials: [{ type: 'password', value: account.password, temporary: false }],
      },
    ],
  };
}
