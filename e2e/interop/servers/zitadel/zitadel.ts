import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { clientSecretBasic } from '@countersign/core';
import { zitadel as createPreset } from '@countersign/core/providers';
import { profiles } from '@countersign/core/resource-server';
import { startService } from '../../../../scripts/lib/processes/process.ts';
import type { InteropServer } from '../../server.ts';
import { findBuildFolder } from '../support/build-folder.ts';
import { execute } from '../support/execute.ts';
import { getProgram, provideToolchain } from '../support/toolchains.ts';
import { waitForServer } from '../support/wait-for-server.ts';

/** As in go.mod. */
const version = '3.52.0';
const sources = ['go.mod', 'go.sum', 'main.go'];
const folder = findBuildFolder('zitadel', import.meta.dirname, sources);
const program = join(folder, 'server');
const secret = 'web-secret_of.tests';
const accessTokenLifetime = 300;

/** The example server of the library, which has no stored sessions: each login asks for the password. */
export const zitadel: InteropServer = {
  name: 'zitadel/oidc (example server)',
  version,
  source: 'Go modules',
  unsupported: { backchannel: 'not implemented' },
  async provide() {
    const missing = await provideToolchain('go');
    if (missing !== undefined || existsSync(program)) return missing;
    for (const file of sources) await cp(join(import.meta.dirname, file), join(folder, file));
    await execute(getProgram('go'), ['build', '-o', program, '.'], folder, { GOTOOLCHAIN: 'local' });
    return undefined;
  },
  async start({ origin, port, application }) {
    const service = startService('zitadel/oidc', {
      command: program,
      env: { ISSUER: origin, PORT: String(port), APPLICATION: application, SECRET: secret },
    });
    await waitForServer(service, `http://127.0.0.1:${port}/.well-known/openid-configuration`);
    const administer = async (path: string) => {
      const { ok, status } = await fetch(`http://127.0.0.1:${port}/administration/${path}`, {
        method: 'POST',
      });
      if (!ok) throw new Error(`zitadel/oidc: ${path} responded with status ${status}.`);
    };
    return {
      options: { provider: createPreset({ issuer: origin }), scope: 'openid profile' },
      web: { clientId: 'web', clientAuthentication: clientSecretBasic(secret) },
      wrongAuthentication: clientSecretBasic(`${secret}-wrong`),
      direct: { clientId: 'direct' },
      account: { login: 'test-user@localhost', password: 'verysecure' },
      accessTokenLifetime,
      api: {
        audience: ['web', 'direct'],
        profile: {
          ...profiles.rfc9068,
          name: 'zitadel',
          relaxes: ['section 2.1: `typ` is `JWT` or missing', 'section 2.2: `client_id` is missing'],
          types: ['at+jwt', 'jwt', ''],
          required: ['aud', 'sub', 'iat', 'jti'],
        },
      },
      endSessions: (sub) => administer(sub),
      rotateKeys: () => administer('rotate'),
      readLog: () => service.tail(),
      stop: () => service.stop(),
    };
  },
};
