import { join } from 'node:path';
import { clientSecretBasic } from '@countersign/core';
import { profiles } from '@countersign/core/resource-server';
import { startService } from '../../../../scripts/lib/processes/process.ts';
import type { InteropServer } from '../../server.ts';
import { providePythonPackages } from '../support/python.ts';
import { provideToolchain } from '../support/toolchains.ts';
import { waitForServer } from '../support/wait-for-server.ts';

const version = '0.3.6';
const account = { login: 'alice', password: 'alice-of-tests-2741' };
const secret = 'web-secret_of.tests';
const accessTokenLifetime = 300;
const packages = { name: `canaille-${version}`, requirements: [`canaille[front,oidc]==${version}`] };

export const canaille: InteropServer = {
  name: 'Canaille',
  version,
  source: 'PyPI',
  unsupported: { revocation: 'public clients cannot revoke tokens', backchannel: 'not implemented' },
  async provide() {
    const missing = await provideToolchain('python');
    if (missing === undefined) await providePythonPackages(packages);
    return missing;
  },
  async start({ origin, port, application }) {
    const settings = { application, port, secret, lifetime: accessTokenLifetime, ...account };
    const service = startService('Canaille', {
      command: await providePythonPackages(packages),
      args: [join(import.meta.dirname, 'serve.py')],
      env: { SETTINGS: JSON.stringify({ ...settings, host: new URL(origin).host }) },
    });
    await waitForServer(service, `${origin}/.well-known/openid-configuration`);
    const administer = async (path: string) => {
      const { ok, status } = await fetch(`http://127.0.0.1:${port}/administration/${path}`, {
        method: 'POST',
      });
      if (!ok) throw new Error(`Canaille: ${path} responded with status ${status}.`);
    };
    return {
      options: { issuer: origin, scope: 'openid profile' },
      web: { clientId: 'web', clientAuthentication: clientSecretBasic(secret) },
      wrongAuthentication: clientSecretBasic(`${secret}-wrong`),
      direct: { clientId: 'direct' },
      account,
      accessTokenLifetime,
      api: {
        audience: ['web', 'direct'],
        profile: {
          ...profiles.rfc9068,
          name: 'canaille',
          relaxes: ['section 2.1: `typ` is `JWT`', 'section 2.2: `client_id` and `jti` are missing'],
          types: ['jwt', ''],
          required: ['aud', 'sub', 'iat'],
          roles: (claims) => claims.groups,
        },
      },
      endSessions: () => administer('end'),
      rotateKeys: () => administer('rotate'),
      readLog: () => service.tail(),
      stop: () => service.stop(),
    };
  },
};
