import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createTestAuthorizationServer } from '@countersign/testing';

// The application orders runs on Express, and billing on Fastify.

const folder = process.env.FIXTURE ?? '.';
const audience = 'https://api.example.test';

const controllers = { orders: 'AppController', billing: 'BillingController' };

for (const [name, controller] of Object.entries(controllers)) {
  describe(`the application ${name} of a monorepo, with AuthModule in a shared library`, () => {
    const main = join(folder, `dist/apps/${name}/main.js`);
    const stop: (() => unknown)[] = [];
    let url: string;
    let output = '';
    let mint: Awaited<ReturnType<typeof createTestAuthorizationServer>>['mintAccessToken'];

    before(async () => {
      const server = await createTestAuthorizationServer({ resources: [audience] });
      const { issuer, close } = await server.listen();
      stop.push(close);
      mint = server.mintAccessToken;
      const port = String(await findFreePort());
      url = `http://127.0.0.1:${port}`;
      const child = spawn(process.execPath, [main], {
        cwd: folder,
        env: { ...process.env, ISSUER: issuer, AUDIENCE: audience, PORT: port, port, NO_COLOR: '1' },
      });
      stop.push(() => child.kill());
      const ended = once(child, 'exit').then(() => assert.fail(`${name} ended:\n${output}`));
      ended.catch(() => {});
      const read = (data: Buffer) => {
        output += data;
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      // Nest writes that it has started before it listens.
      await Promise.race([waitForPort(Number(port)), ended]);
    });
    after(async () => {
      for (const each of stop.reverse()) await each();
    });

    const call = async (path: string, token?: string) => {
      const response = await fetch(url + path, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      });
      return { status: response.status, body: await response.text() };
    };

    test('its own handlers are guarded', async () => {
      assert.deepEqual(await call('/'), { status: 200, body: 'Hello World!' });
      assert.equal((await call('/list')).status, 401);
      assert.equal((await call('/list', await mint({}, { foreignKey: true }))).status, 401);
      assert.equal((await call('/list', await mint())).status, 403);
      const body = JSON.stringify({ application: name });
      assert.deepEqual(await call('/list', await mint({ scope: `${name}:read` })), { status: 200, body });
    });

    test('the handlers of the library are guarded', async () => {
      assert.equal((await call('/account')).status, 401);
      const token = await mint();
      assert.deepEqual(await call('/account', token), { status: 200, body: '{"sub":"alice"}' });
      assert.equal((await call('/account/settings', token)).status, 403);
      assert.equal((await call('/account/settings', await mint({ scope: 'account:write' }))).status, 200);
    });

    test('the access report names its own handlers and those of the library', () => {
      const rows = output
        .split('\n')
        .filter((line) => line.startsWith('http '))
        .map((line) => line.trim().replaceAll(/ +/g, ' '));
      assert.deepEqual(rows, [
        `http GET / ${controller}.getHello public`,
        'http GET /account AccountController.account protected',
        'http GET /account/settings AccountController.settings protected, scopes account:write',
        `http GET /list ${controller}.list protected, scopes ${name}:read`,
      ]);
    });

    test('the packages are not in the bundle, so that there is one copy', async () => {
      const bundle = await readFile(main, 'utf8');
      // Nest 11 writes CommonJS, Nest 12 ES modules.
      assert.match(bundle, /require\("@countersign\/nest"\)|from ?"@countersign\/nest"/);
      assert.match(bundle, /class AccountController/);
      assert.doesNotMatch(bundle, /class AccessTokenGuard/);
      assert.doesNotMatch(output, /Two copies/);
    });
  });
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Connects until the application listens. */
async function waitForPort(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isListening = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (isListening) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
