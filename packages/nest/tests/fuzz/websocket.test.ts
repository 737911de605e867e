import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { anyAuthorization, anyCredentials, anyJson, fuzz } from '../support/fuzz.ts';
import { ItemsGateway, StrictGateway } from '../support/gateways/items-gateway.ts';
import { startApp } from '../support/start/start-app.ts';

interface Attempt {
  readonly path: string;
  readonly authorization?: string | undefined;
  /** Returns the result of a server message. `undefined` waits for the next message. */
  readonly onMessage: (text: string, send: (text: string) => void) => unknown;
  readonly onOpen?: (send: (text: string) => void) => void;
}

/** Returns the result of `onMessage`, `closed`, or the status of a rejected handshake. */
function exchangeMessages(
  url: string,
  { path, authorization, onMessage, onOpen }: Attempt,
): Promise<unknown> {
  const headers = authorization === undefined ? {} : { authorization };
  const socket = new WebSocket(url.replace('http', 'ws') + path, { headers });
  const send = (text: string) => socket.readyState === 1 && socket.send(text);
  return new Promise((resolve) => {
    const end = (result: unknown) => {
      socket.close();
      resolve(result);
    };
    socket.once('unexpected-response', (_request, { statusCode }) => end(statusCode));
    socket.once('error', () => end('closed'));
    socket.once('close', () => end('closed'));
    socket.once('open', () => onOpen?.(send));
    socket.on('message', (data) => {
      const result = onMessage(String(data), send);
      if (result !== undefined) end(result);
    });
  });
}

const query = fc.webQueryParameters();
const gateways = [
  ['messages guarded', ItemsGateway],
  ['connection and messages guarded', StrictGateway],
] as const;

/** Accepts rejections of the guard and closed connections. Fails on replies of the handler and internal errors. */
function createRejectionCheck() {
  let guarded = 0;
  const check = (result: unknown) => {
    if (result === 'closed') return;
    if (typeof result === 'number') return expect(result).toBeLessThan(500);
    expect([400, 401]).toContain((result as { statusCode: number }).statusCode);
    guarded++;
  };
  // Attempts that break the connection before a message are not counted.
  return { check, expectMany: () => expect(guarded).toBeGreaterThan(20) };
}

describe.each(gateways)('A9: any input to a socket.io gateway, %s', (_, gateway) => {
  const start = async () => {
    const testApp = await startApp(
      { providers: [gateway] },
      { before: (app) => void app.useWebSocketAdapter(new IoAdapter(app)) },
    );
    /** Sends raw packets of Engine.IO (`0` to `6`) and socket.io (`40`: connect, `42`: event), including invalid ones. */
    const ask = (
      auth: string,
      payload: unknown,
      others: { query?: string; authorization?: string | undefined; frames?: readonly string[] } = {},
    ) =>
      exchangeMessages(testApp.url, {
        path: `/socket.io/?EIO=4&transport=websocket&${others.query ?? ''}`,
        authorization: others.authorization,
        onMessage: (text, send) => {
          if (text.startsWith('0')) {
            send(`40${auth}`);
            for (const frame of others.frames ?? []) send(frame);
          } else if (text.startsWith('40')) send(`42${JSON.stringify(['me', payload])}`);
          // The server responds to an invalid connection with an error.
          else if (text.startsWith('44')) return 'closed';
          else if (text.startsWith('42')) {
            const [event, data] = JSON.parse(text.slice(2)) as [string, unknown];
            return event === 'me' ? { user: data } : data;
          }
          return undefined;
        },
      });
    return { ...testApp, ask };
  };

  test('rejects any handshake, parameters and frames without a valid token', {
    timeout: 60_000,
  }, async () => {
    const { ask, mint } = await start();
    const good = await mint();
    const frame = fc.oneof(
      fc.string(),
      fc.tuple(fc.constantFrom('42', '43', '44', '4', '2', '6', '421'), anyJson).map(([type, value]) => {
        return type + JSON.stringify(value);
      }),
      fc.constantFrom('42["me"]', '42["disconnect"]', '42[null]', '451-["me",{"_placeholder":true,"num":0}]'),
    );
    const input = fc.record({
      auth: fc.oneof(
        fc.string(),
        anyCredentials(good).map((value) => JSON.stringify(value)),
      ),
      payload: anyCredentials(good),
      query,
      authorization: fc.option(anyAuthorization(good), { nil: undefined }),
      frames: fc.oneof(fc.constant([]), fc.array(frame, { maxLength: 3 })),
    });
    const { check, expectMany } = createRejectionCheck();
    await fuzz(input, async ({ auth, payload, ...others }) => check(await ask(auth, payload, others)), 150);
    if (gateway === ItemsGateway) expectMany();
    expect(await ask(JSON.stringify({ token: good }), {})).toEqual({ user: 'alice' });
  });

  test('keeps the principal of the connection for all messages', { timeout: 60_000 }, async () => {
    const { ask, mint } = await start();
    const good = await mint();
    await fuzz(
      anyCredentials(good),
      async (payload) =>
        expect(await ask(JSON.stringify({ token: good }), payload)).toEqual({ user: 'alice' }),
      100,
    );
  });
});

describe.each(gateways)('A9: any input to a gateway of plain WebSockets, %s', (_, gateway) => {
  const start = async () => {
    const testApp = await startApp(
      { providers: [gateway] },
      { before: (app) => void app.useWebSocketAdapter(new WsAdapter(app)) },
    );
    const ask = (
      authorization: string | undefined,
      frames: readonly string[],
      path = '/',
    ): Promise<unknown> =>
      exchangeMessages(testApp.url, {
        path,
        authorization,
        onOpen: (send) => {
          for (const frame of frames) send(frame);
          send(JSON.stringify({ event: 'me', data: {} }));
        },
        onMessage: (text) => {
          const { event, data } = JSON.parse(text) as { event: string; data: unknown };
          return event === 'me' ? { user: data } : data;
        },
      });
    return { ...testApp, ask };
  };
  const frame = (good: string) =>
    fc.oneof(
      fc.string(),
      anyJson.map((value) => JSON.stringify(value)),
      anyCredentials(good).map((data) => JSON.stringify({ event: 'me', data })),
    );

  test('rejects any handshake and frames without a valid token', { timeout: 60_000 }, async () => {
    const { ask, mint } = await start();
    const good = await mint();
    const input = fc.record({
      authorization: fc.option(anyAuthorization(good), { nil: undefined }),
      frames: fc.array(frame(good), { maxLength: 3 }),
      path: query.map((text) => `/?${text}`),
    });
    const { check, expectMany } = createRejectionCheck();
    await fuzz(
      input,
      async ({ authorization, frames, path }) => check(await ask(authorization, frames, path)),
      150,
    );
    if (gateway === ItemsGateway) expectMany();
    if (gateway === StrictGateway) expect(await ask(`Bearer ${good}`, [])).toEqual({ user: 'alice' });
    // Without the handshake, messages are rejected.
    else expect(await ask(`Bearer ${good}`, [])).toMatchObject({ statusCode: 401 });
  });

  test('keeps the principal of the connection for all messages', { timeout: 60_000 }, async () => {
    const { ask, mint } = await start();
    const good = await mint();
    const expected = gateway === StrictGateway ? { user: 'alice' } : { statusCode: 401 };
    await fuzz(
      fc.array(frame(good), { maxLength: 3 }),
      async (frames) => expect(await ask(`Bearer ${good}`, frames)).toMatchObject(expected),
      100,
    );
  });
});
