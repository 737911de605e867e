import { clientSecretBasic, createClient, requestClientCredentials } from '@countersign/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectSocketIo, connectWebSocket, StrictGateway } from '../support/gateways/items-gateway.ts';
import { audience, startApp } from '../support/start/start-app.ts';

// The issuer reports an opaque token as active, and no `exp`: its connection has no expiry, and the token is introspected
// again every 30 seconds.

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** The timers advance before a client can respond to a ping. */
class PatientIoAdapter extends IoAdapter {
  override createIOServer(port: number, options?: object) {
    return super.createIOServer(port, { ...options, pingInterval: 1e9 } as never);
  }
}

const transports = {
  ws: {
    connect: connectWebSocket,
    Adapter: WsAdapter,
    rejected: '4401 The access token is no longer valid',
    unavailable: '1013 Try again later',
  },
  'socket.io': {
    connect: (url: string, token: string) => connectSocketIo(url, { token }),
    Adapter: PatientIoAdapter,
    rejected: 'io server disconnect',
    unavailable: 'io server disconnect',
  },
};

async function readWithoutExpiry(response: Response): Promise<object> {
  const { exp: _, ...claims } = await response.json();
  return claims;
}

/** Connects a client. `introspect` replaces the response of the issuer; its default is the response without `exp`. */
async function start(kind: keyof typeof transports) {
  const { connect, Adapter } = transports[kind];
  const issuer: { respond?: () => Response | Promise<never>; introspections: number } = { introspections: 0 };
  let claims: object | undefined;
  const { server, url } = await startApp(
    { providers: [StrictGateway] },
    {
      auth: {
        introspection: { clientId: 'api', clientAuthentication: clientSecretBasic('api-secret') },
        async fetch(address: string, init: RequestInit) {
          if (new URL(address).pathname !== new URL(endpoint()).pathname) return server.fetch(address, init);
          issuer.introspections++;
          if (issuer.respond) return issuer.respond();
          // The issuer of the test limits the lifetime of its tokens.
          claims ??= await readWithoutExpiry(await server.fetch(address, init));
          return Response.json(claims);
        },
      } as never,
      server: {
        accessTokenFormat: 'opaque',
        clients: [
          { clientId: 'job', clientSecret: 'job-secret' },
          { clientId: 'api', clientSecret: 'api-secret' },
        ],
      },
      before: (app) => void app.useWebSocketAdapter(new Adapter(app)),
    },
  );
  const endpoint = () => String(server.metadata.introspection_endpoint);
  server.clock.stop();
  const job = createClient({
    issuer: server.issuer,
    clientId: 'job',
    clientAuthentication: clientSecretBasic('job-secret'),
    fetch: server.fetch,
    now: server.clock.now,
  });
  const { accessToken } = await requestClientCredentials(job, { scope: 'items:read', resource: audience });
  const client = connect(url, accessToken);
  const me = await client.ask('me');
  /** Advances the clock of the verifier and the timers of the connection. */
  const advance = async (seconds: number) => {
    server.clock.advance(seconds);
    await vi.advanceTimersByTimeAsync(seconds * 1000);
    // The verification that a timer has started continues.
    await new Promise(setImmediate);
  };
  return { ...client, me, issuer, advance };
}

describe.each(['ws', 'socket.io'] as const)('R10: a connection with a token without exp: %s', (kind) => {
  test('continues as long as the issuer reports the token as active', async () => {
    const { ask, me, closed, issuer, advance, close } = await start(kind);
    let isOpen = true;
    void closed.then(() => {
      isOpen = false;
    });
    expect(me).toMatchObject({ event: 'me' });
    for (let count = 2; count <= 20; count++) {
      while (isOpen && issuer.introspections < count) await advance(30);
      expect(isOpen).toBe(true);
    }
    expect(await ask('me')).toEqual(me);
    close();
  });

  test('ends within 30 seconds after the issuer reports the token as inactive', async () => {
    const { closed, issuer, advance } = await start(kind);
    await advance(29);
    expect(issuer.introspections).toBe(1);
    issuer.respond = () => Response.json({ active: false });
    await advance(1);
    expect(await closed).toBe(transports[kind].rejected);
    expect(issuer.introspections).toBe(2);
  });

  test('ends while the issuer is unavailable, and the client may connect again', async () => {
    const { closed, issuer, advance } = await start(kind);
    issuer.respond = () => Promise.reject(new TypeError('fetch failed'));
    await advance(30);
    expect(await closed).toBe(transports[kind].unavailable);
  });
});
