import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { clientSecretBasic } from '@countersign/core';
import { spring as createPreset } from '@countersign/core/providers';
import { startService } from '../../../../scripts/lib/processes/process.ts';
import type { InteropServer } from '../../server.ts';
import { findBuildFolder } from '../support/build-folder.ts';
import { execute } from '../support/execute.ts';
import { getProgram, provideToolchain } from '../support/toolchains.ts';
import { waitForServer } from '../support/wait-for-server.ts';

/** The version of Spring Boot, as in pom.xml. */
const version = '4.0.7';
const sources = ['pom.xml', 'src/main/java/interop/Server.java'];
const folder = findBuildFolder('spring', import.meta.dirname, sources);
const jar = join(folder, 'target/server.jar');
const account = { login: 'alice', password: 'alice-of-tests' };
const secret = 'web-secret_of.tests';
const accessTokenLifetime = 300;

export const spring: InteropServer = {
  name: 'Spring Authorization Server (Spring Boot)',
  version,
  source: 'Maven',
  unsupported: {
    revocation: 'public clients receive no refresh token',
    backchannel: 'not implemented',
  },
  async provide() {
    const missing = await provideToolchain('java', 'maven');
    if (missing !== undefined) return missing;
    if (existsSync(jar)) return undefined;
    for (const file of sources) await cp(join(import.meta.dirname, file), join(folder, file));
    await execute(getProgram('maven'), ['--quiet', '--batch-mode', '--strict-checksums', 'package'], folder);
    return undefined;
  },
  async start({ origin, port, application }) {
    const service = startService('Spring Authorization Server', {
      command: getProgram('java'),
      args: ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-jar', jar],
      env: {
        SERVER_PORT: String(port),
        SERVER_ADDRESS: '127.0.0.1',
        SERVER_FORWARD_HEADERS_STRATEGY: 'none',
        INTEROP_ISSUER: origin,
        INTEROP_APPLICATION: application,
        INTEROP_SECRET: secret,
        INTEROP_PASSWORD: account.password,
      },
    });
    await waitForServer(service, `http://127.0.0.1:${port}/.well-known/openid-configuration`);
    const administer = async (path: string) => {
      const { ok, status } = await fetch(`http://127.0.0.1:${port}/administration/${path}`, {
        method: 'POST',
      });
      if (!ok) throw new Error(`Spring: ${path} responded with status ${status}.`);
    };
    return {
      options: { provider: createPreset({ issuer: origin }), scope: 'openid profile' },
      web: { clientId: 'web', clientAuthentication: clientSecretBasic(secret) },
      wrongAuthentication: clientSecretBasic(`${secret}-wrong`),
      direct: { clientId: 'direct' },
      account,
      accessTokenLifetime,
      // The audience of its access tokens is the client.
      api: { audience: ['web', 'direct'] },
      endSessions: () => administer('end'),
      rotateKeys: () => administer('rotate'),
      readLog: () => service.tail(),
      stop: () => service.stop(),
    };
  },
};
