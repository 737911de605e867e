import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Metadata, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { bundleProgram } from '../support/bundle-program.ts';
import { startProgram } from '../support/start/start-program.ts';

const resolvePath = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const protoPath = resolvePath('../support/items.proto');
// The program is in the folder of the package, so that Node finds its dependencies.
const program = resolvePath(`../../node_modules/.program-${process.pid}.mjs`);

let server: Awaited<ReturnType<typeof startProgram>>;
let grpcPort: number;

beforeAll(async () => {
  await bundleProgram({
    entryPoints: [resolvePath('../support/faulty-verifier-app.ts')],
    outfile: program,
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
    plugins: [
      {
        // Node does not find the dependencies of core from this package, so they are bundled.
        name: 'external-dependencies',
        setup({ onResolve }) {
          onResolve({ filter: /^[^./#]/ }, ({ path, importer }) =>
            path.startsWith('@countersign/') || !importer.startsWith(resolvePath('../..'))
              ? undefined
              : { path, external: true },
          );
        },
      },
    ],
  });
  grpcPort = await findFreePort();
  server = await startProgram(process.execPath, (port) => [
    program,
    String(port),
    String(grpcPort),
    protoPath,
  ]);
}, 60_000);
afterAll(async () => {
  await server?.stop();
  rmSync(program, { force: true });
});

/** Returns the response status, or `undefined` after the process has exited. */
const request = async (token: string) => {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`http://127.0.0.1:${server.port}/me`, { headers }).catch(() => undefined);
  return response?.status;
};

const connect = (token: string) =>
  new Promise((resolve) => {
    const socket = io(`http://127.0.0.1:${server.port}`, {
      auth: { token },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    const end = (result: unknown) => {
      resolve(result);
      socket.close();
    };
    socket.once('me', end).once('disconnect', end).once('connect_error', end);
    socket.once('connect', () => socket.emit('me', {}));
  });

const stream = (token: string) =>
  new Promise((resolve) => {
    const { Items } = loadPackageDefinition(loadSync(protoPath)).items as unknown as {
      Items: ServiceClientConstructor;
    };
    const client = new Items(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const call = (client.Raw as (metadata: Metadata) => NodeJS.ReadWriteStream).call(client, metadata);
    const end = (result: unknown) => {
      client.close();
      resolve(result);
    };
    call
      .once('data', ({ text }: { text: string }) => end(text))
      .on('error', ({ code }: Error & { code?: number }) => end(code));
    call.write({ text: 'alice' } as never);
  });

test('N1: the process survives exceptions in requests, connection hooks and streams', async () => {
  for (let i = 0; i < 2; i++) {
    expect(await request('hostile')).toBe(401);
    expect(await connect('hostile')).toBe('io server disconnect');
    // UNAUTHENTICATED
    expect(await stream('hostile')).toBe(16);
    expect(await request('good')).toBe(200);
    expect(await connect('good')).toBe('alice');
    expect(await stream('good')).toBe('alice');
  }
});
