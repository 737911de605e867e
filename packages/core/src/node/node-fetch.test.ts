// @platforms node: `./node` uses undici and TLS.
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  computeThumbprint,
  createTestAuthority,
  issueTestCertificate,
} from '../../tests/support/tls/certificates.ts';
import { createClient } from '../client/create-client.ts';
import { refreshTokens } from '../client/grants/refresh.ts';
import { tlsClientAuth } from '../client/wire/client-authentication.ts';
import { ConfigurationError } from '../errors.ts';
import { createNodeFetch } from './node-fetch.ts';
import type { NodeFetch } from './node-fetch-options.ts';

const authority = createTestAuthority('Test authority');
const serverCertificate = issueTestCertificate(authority, 'Test server');
const clientCertificate = issueTestCertificate(authority, 'Test client');
const ca = authority.certificate;

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const step of cleanUp.splice(0).reverse()) await step();
});

function use(fetch: NodeFetch): NodeFetch {
  cleanUp.push(() => fetch.close());
  return fetch;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** Starts an https server that responds with the thumbprint of the client certificate. */
async function startTlsServer() {
  const connections = new Set<Socket>();
  const server = createHttpsServer(
    {
      key: serverCertificate.key,
      cert: serverCertificate.certificate,
      ca,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const socket = request.socket as import('node:tls').TLSSocket;
      const { raw } = socket.getPeerCertificate();
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          certificate: raw ? computeThumbprint(raw.toString('base64')) : null,
          authorized: socket.authorized,
          path: request.url,
        }),
      );
    },
  );
  server.on('secureConnection', (socket) => connections.add(socket));
  return { url: `https://127.0.0.1:${await listen(server)}`, connections };
}

/** Starts a proxy for CONNECT and absolute-form requests that records them. */
async function startProxy() {
  const tunnels: { target: string; authorization: string | undefined }[] = [];
  const forwarded: string[] = [];
  const server = createHttpServer((request, response) => {
    forwarded.push(request.url ?? '');
    response.end('"forwarded"');
  });
  server.on('connect', (request, socket, head) => {
    tunnels.push({
      target: request.url ?? '',
      authorization: request.headers['proxy-authorization'],
    });
    const [host, port] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    const end = () => {
      upstream.destroy();
      socket.destroy();
    };
    upstream.on('error', end).on('close', end);
    socket.on('error', end).on('close', end);
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, tunnels, forwarded };
}

const json = async (response: Response) => response.json() as Promise<Record<string, unknown>>;

describe('trusted authorities', () => {
  test('rejects a server of an unknown authority and accepts it with the option ca', async () => {
    const { url } = await startTlsServer();
    await expect(use(createNodeFetch())(url, {})).rejects.toThrow();
    expect((await use(createNodeFetch({ ca }))(url, {})).status).toBe(200);
    expect((await use(createNodeFetch({ ca: [Buffer.from(ca)] }))(url, {})).status).toBe(200);
  });
});

describe('mutual TLS', () => {
  test('RFC 8705: sends the client certificate', async () => {
    const { url } = await startTlsServer();
    const withoutCertificate = await use(createNodeFetch({ ca }))(url, {});
    expect(await json(withoutCertificate)).toMatchObject({ certificate: null, authorized: false });
    const fetch = use(createNodeFetch({ ca, clientCertificate }));
    expect(await json(await fetch(url, {}))).toMatchObject({
      certificate: computeThumbprint(clientCertificate.certificate),
      authorized: true,
    });
  });

  test('RFC 8705: a client with tls_client_auth sends token requests to the mTLS alias with the certificate', async () => {
    let received: unknown;
    const server = createHttpsServer(
      { key: serverCertificate.key, cert: serverCertificate.certificate, ca, requestCert: true },
      (request, response) => {
        const socket = request.socket as import('node:tls').TLSSocket;
        received = {
          path: request.url,
          certificate: computeThumbprint(socket.getPeerCertificate().raw.toString('base64')),
        };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ access_token: 'at', token_type: 'Bearer', expires_in: 60 }));
      },
    );
    const issuer = `https://127.0.0.1:${await listen(server)}`;
    const client = createClient({
      issuer,
      clientId: 'mtls-client',
      clientAuthentication: tlsClientAuth(),
      fetch: use(createNodeFetch({ ca, clientCertificate })),
      metadata: {
        issuer,
        token_endpoint: `${issuer}/token`,
        mtls_endpoint_aliases: { token_endpoint: `${issuer}/mtls/token` },
      },
    });
    expect((await refreshTokens(client, 'rt')).accessToken).toBe('at');
    expect(received).toEqual({
      path: '/mtls/token',
      certificate: computeThumbprint(clientCertificate.certificate),
    });
  });
});

describe('pool', () => {
  test('reuses connections and limits their count', async () => {
    const { url, connections } = await startTlsServer();
    const fetch = use(createNodeFetch({ ca, pool: { connections: 2 } }));
    for (let i = 0; i < 5; i++) await json(await fetch(`${url}/${i}`, {}));
    const responses = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => json(await fetch(`${url}/${i}`, {}))),
    );
    expect(responses.map(({ path }) => path)).toEqual(Array.from({ length: 20 }, (_, i) => `/${i}`));
    expect(connections.size).toBe(2);
  });

  test('close() closes the connections', async () => {
    const { url, connections } = await startTlsServer();
    const fetch = createNodeFetch({ ca });
    await json(await fetch(url, {}));
    const [socket] = connections;
    const ended = new Promise((resolve) => socket?.once('close', resolve));
    await fetch.close();
    await ended;
    await expect(fetch(url, {})).rejects.toThrow();
  });
});

describe('proxy', () => {
  test('uses a tunnel for https, with the proxy credentials of the URL and the client certificate for the server', async () => {
    const { url } = await startTlsServer();
    const proxy = await startProxy();
    const withUser = new URL(proxy.url);
    withUser.username = 'user';
    withUser.password = 'p@ss';
    const fetch = use(createNodeFetch({ ca, clientCertificate, proxy: withUser }));
    expect(await json(await fetch(url, {}))).toMatchObject({
      certificate: computeThumbprint(clientCertificate.certificate),
    });
    expect(proxy.tunnels).toEqual([
      {
        target: new URL(url).host,
        authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
      },
    ]);
  });

  test('does not send the client certificate to the proxy', async () => {
    const certificates: boolean[] = [];
    const proxy = createHttpsServer({
      key: serverCertificate.key,
      cert: serverCertificate.certificate,
      ca,
      requestCert: true,
      rejectUnauthorized: false,
    });
    proxy.on('connect', (_, socket) => {
      certificates.push('raw' in (socket as import('node:tls').TLSSocket).getPeerCertificate());
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    // undici rejects an https proxy with an IP address, so the URL has a host name.
    const url = `https://localhost:${await listen(proxy)}`;
    const fetch = use(createNodeFetch({ ca, clientCertificate, proxy: url }));
    await expect(fetch('https://127.0.0.1:44443/', {})).rejects.toThrow();
    expect(certificates).toEqual([false]);
  });

  test('reads the variables of the environment, including NO_PROXY', async () => {
    const { url } = await startTlsServer();
    const proxy = await startProxy();
    for (const name of ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'NO_PROXY'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    const proxied = use(createNodeFetch({ ca, clientCertificate, proxy: 'environment' }));
    expect(await json(await proxied(url, {}))).toMatchObject({ authorized: true });
    expect(proxy.tunnels).toHaveLength(1);
    vi.stubEnv('NO_PROXY', '127.0.0.1');
    const direct = use(createNodeFetch({ ca, clientCertificate, proxy: 'environment' }));
    expect(await json(await direct(url, {}))).toMatchObject({ authorized: true });
    expect(proxy.tunnels).toHaveLength(1);
  });
});

describe('invalid options', () => {
  const invalid: [string, () => unknown][] = [
    ['a proxy that is not a URL', () => createNodeFetch({ proxy: 'proxy.example' })],
    ['a proxy with another scheme', () => createNodeFetch({ proxy: 'ftp://user:secret-word@proxy.example' })],
    [
      'a key without certificate',
      () => createNodeFetch({ clientCertificate: { certificate: '', key: 'k' } }),
    ],
    [
      'a key that does not match the certificate',
      () => createNodeFetch({ clientCertificate: { ...clientCertificate, key: serverCertificate.key } }),
    ],
    ['values that are not PEM', () => createNodeFetch({ clientCertificate: { certificate: 'x', key: 'y' } })],
    ['a pool without connections', () => createNodeFetch({ pool: { connections: 0 } })],
    ['a timeout of another type', () => createNodeFetch({ connectTimeout: '5' as never })],
    ['an invalid timeout', () => createNodeFetch({ connectTimeout: Number.NaN })],
  ];
  test.each(invalid)('rejects %s', (_, run) => {
    expect(run).toThrow(ConfigurationError);
    expect(run).not.toThrow(/secret-word/);
  });
});

describe.each(['HTTP_PROXY', 'https_proxy'])('the variable %s', (name) => {
  test('is rejected by name if it is not a URL, without its value', () => {
    for (const each of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'])
      vi.stubEnv(each, undefined);
    vi.stubEnv(name, 'socks5://user:secret-word@proxy.example');
    const run = () => createNodeFetch({ proxy: 'environment' });
    expect(run).toThrow(
      expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(name) }),
    );
    expect(run).not.toThrow(/secret-word/);
    vi.stubEnv(name, '');
    expect(run).not.toThrow();
  });
});
