import { connect } from 'node:net';
import { Controller } from '@nestjs/common';
import { MessagePattern, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { Principal, type RpcCredentials, rpcCredentials } from '../../src/index.ts';
import { anyCredentials, anyJson, fuzz } from '../support/fuzz.ts';
import { startApp } from '../support/start/start-app.ts';

@Controller()
class ItemsController {
  @MessagePattern('me')
  me(@Principal('sub') sub: string) {
    return sub;
  }
}

interface Reply {
  readonly err?: { readonly statusCode?: number } | null;
  readonly response?: unknown;
}

/** Sends packets of the Nest protocol (length and JSON) directly, because a client builds only valid packets. */
async function start(credentials: RpcCredentials | undefined) {
  const port = await findFreePort();
  const testApp = await startApp(
    { controllers: [ItemsController] },
    {
      auth: credentials ? { rpcCredentials: credentials } : {},
      before: async (app) => {
        app.connectMicroservice<MicroserviceOptions>({
          transport: Transport.TCP,
          options: { host: '127.0.0.1', port },
        });
        await app.startAllMicroservices();
      },
    },
  );
  const write = (text: string, after: 'leave' | 'wait' = 'leave') =>
    new Promise<Reply | 'closed'>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      let buffer = '';
      socket.on('data', (data) => {
        buffer += data;
        const [length = '', ...rest] = buffer.split('#');
        const json = rest.join('#');
        if (length === '' || json.length < Number(length)) return;
        resolve(JSON.parse(json.slice(0, Number(length))) as Reply);
        socket.destroy();
      });
      socket.on('error', () => resolve('closed')).on('close', () => resolve('closed'));
      // A client that closes immediately may miss the response.
      if (after === 'leave') socket.end(text);
      else socket.write(text);
    });
  const send = (packet: object) => {
    const json = JSON.stringify({ pattern: 'me', id: '1', ...packet });
    return write(`${json.length}#${json}`, 'wait');
  };
  return { ...testApp, send, write };
}

/** The function that the guide shows. */
const dataCredentials: RpcCredentials = (data) =>
  (data as { authorization?: string } | undefined)?.authorization;

test.each([
  ['in its metadata', undefined, 'metadata'],
  ['in its data', dataCredentials, 'data'],
] as const)(
  'A9: rejects any message without a valid token, with the credential %s',
  { timeout: 60_000 },
  async (_, finder, place) => {
    const { send, write, mint } = await start(finder);
    const good = await mint();
    const packet = fc.record({ data: anyCredentials(good), metadata: anyCredentials(good) });
    await fuzz(
      packet,
      async (each) => {
        const reply = await send(each);
        expect(reply).not.toHaveProperty('response');
        expect([400, 401]).toContain((reply as Reply).err?.statusCode);
      },
      300,
    );
    // Invalid packets.
    const text = fc.oneof(
      fc.string(),
      fc.tuple(fc.integer(), fc.string()).map((parts) => parts.join('#')),
      fc.object().map((each) => `${JSON.stringify(each).length}#${JSON.stringify(each)}`),
    );
    await fuzz(text, async (each) => expect(await write(each)).not.toHaveProperty('response'), 100);
    const authorization = `Bearer ${good}`;
    await fuzz(
      anyJson,
      async (other) => {
        const sent = { data: other, metadata: other, [place]: { authorization, other } };
        expect(await send(sent)).toMatchObject({ response: 'alice' });
      },
      100,
    );
  },
);

test('A9: returns a string or undefined as the credential of any context', async () => {
  const anything = fc.anything();
  const method = anything.map((value) => () => value);
  const headers = fc.oneof(anything, fc.record({ authorization: anything, Authorization: anything }));
  const context = fc.oneof(
    anything,
    fc.record({ getHeaders: fc.oneof(headers, fc.record({ get: method })).map((value) => () => value) }),
    fc.record({
      getMessage: fc
        .oneof(anything, fc.record({ headers }), fc.record({ properties: fc.record({ headers }) }))
        .map((value) => () => value),
    }),
    fc.record({
      getPacket: fc
        .oneof(anything, fc.record({ properties: fc.record({ userProperties: headers }) }))
        .map((value) => () => value),
    }),
    fc.record({ getMetadata: headers.map((value) => () => value) }),
    fc.record({ get: method, getMap: method }),
  );
  await fuzz(
    fc.tuple(anything, context),
    async ([data, each]) => {
      expect(['string', 'undefined']).toContain(typeof rpcCredentials(data, each));
    },
    2000,
  );
});
