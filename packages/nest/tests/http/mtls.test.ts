import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { Agent, createServer as createTlsServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Controller, Get } from '@nestjs/common';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { BearerToken, Principal } from '../../src/index.ts';
import { adapters, type StartOptions, startApp } from '../support/start/start-app.ts';
import { type Certificate, createCertificate } from '../support/tokens/certificates.ts';

@Controller('me')
class MeController {
  @Get()
  me(@Principal('sub') sub: string, @BearerToken() token: string) {
    return { sub, tokenLength: token.length };
  }
}

const server = createCertificate('localhost');
const client = createCertificate('client');
const thief = createCertificate('thief');
const bound = { cnf: { 'x5t#S256': client.thumbprint } };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface TlsResponse {
  readonly status: number | undefined;
  readonly challenge: string | undefined;
  readonly resumed: boolean;
}

/** Sends a request over TLS, with or without a client certificate. */
async function ask(
  url: string,
  token: string,
  options: { certificate?: Certificate | undefined; headers?: Record<string, string>; agent?: Agent } = {},
): Promise<TlsResponse> {
  const { certificate, headers, agent = new Agent({ maxCachedSessions: 0 }) } = options;
  const clientRequest = httpsRequest(`${url}/me`, {
    agent,
    ca: server.cert,
    ...(certificate && { key: certificate.key, cert: certificate.cert }),
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  const responded = once(clientRequest, 'response');
  clientRequest.end();
  const [response] = await responded;
  const resumed = (response.socket as TLSSocket).isSessionReused();
  response.resume();
  await once(response, 'end');
  return { status: response.statusCode, challenge: response.headers['www-authenticate'], resumed };
}

describe.each(adapters)('A7: RFC 8705 over TLS on %s', (adapter) => {
  const start = (options: StartOptions['auth'] = { mtls: true }) =>
    startApp(
      { controllers: [MeController] },
      {
        adapter,
        auth: options,
        tls: { key: server.key, cert: server.cert, requestCert: true, rejectUnauthorized: false },
      },
    );

  test('accepts the bound certificate, and rejects another certificate or a missing one', async () => {
    const { url, mint } = await start();
    const token = await mint(bound);
    expect(await ask(url, token, { certificate: client })).toMatchObject({ status: 200 });
    const other = await ask(url, token, { certificate: thief });
    expect(other).toMatchObject({ status: 401, challenge: expect.stringContaining('invalid_token') });
    expect((await ask(url, token)).status).toBe(401);
    // The cached token is also rejected without its certificate.
    expect(await ask(url, token, { certificate: client })).toMatchObject({ status: 200 });
    expect((await ask(url, token)).status).toBe(401);
  });

  test('ignores a header with a certificate unless it is configured', async () => {
    const { url, mint } = await start();
    const token = await mint(bound);
    const headers = {
      'client-cert': `:${client.cert.replace(/-----[^-]+-----|\s/g, '')}:`,
      'x-forwarded-client-cert': `Cert="${encodeURIComponent(client.cert)}"`,
      'x-client-cert': encodeURIComponent(client.cert),
    };
    expect((await ask(url, token, { headers })).status).toBe(401);
    expect((await ask(url, token, { headers, certificate: thief })).status).toBe(401);
  });

  test('accepts the certificate of a resumed connection', async () => {
    const { url, mint } = await start();
    const agent = new Agent({ keepAlive: false, maxCachedSessions: 10 });
    const call = async () => ask(url, await mint(bound), { certificate: client, agent });
    expect(await call()).toMatchObject({ status: 200, resumed: false });
    expect(await call()).toMatchObject({ status: 200, resumed: true });
    agent.destroy();
  });

  test('rejects an unbound token if bound tokens are required', async () => {
    const { url, mint } = await start({ mtls: true, requireBinding: 'mtls' });
    expect((await ask(url, await mint(), { certificate: client })).status).toBe(401);
    expect((await ask(url, await mint(bound), { certificate: client })).status).toBe(200);
  });

  test('reads the certificate of the connection only for a token that is bound to one', async () => {
    const readCertificate = vi.spyOn(TLSSocket.prototype, 'getPeerCertificate');
    closing.push(() => readCertificate.mockRestore());
    for (const options of [{}, { mtls: true }]) {
      const { url, mint } = await start(options);
      expect((await ask(url, await mint(), { certificate: client })).status).toBe(200);
    }
    const { url, mint } = await start({});
    expect((await ask(url, await mint(bound), { certificate: client })).status).toBe(401);
    // Node itself reads the details of the issuer certificate of the server.
    expect(readCertificate.mock.calls.filter(([detailed]) => !detailed)).toEqual([]);
    const { url: other, mint: mintOther } = await start();
    expect((await ask(other, await mintOther(bound), { certificate: client })).status).toBe(200);
    expect(readCertificate.mock.calls.filter(([detailed]) => !detailed)).toHaveLength(1);
  });

  test('rejects a bound token without the option, with or without a certificate', async () => {
    const { url, mint } = await start({});
    expect((await ask(url, await mint(bound), { certificate: client })).status).toBe(401);
  });
});

describe.each(adapters)('A7: RFC 8705 behind a proxy that terminates TLS, on %s', (adapter) => {
  const header = 'client-cert';
  const format = 'rfc9440';

  /** Terminates TLS and replaces the header of the client with the certificate of the connection. */
  async function startProxy(target: string): Promise<string> {
    const tls = { key: server.key, cert: server.cert, requestCert: true, rejectUnauthorized: false };
    const proxy = createTlsServer(tls, (incoming, outgoing) => {
      const { raw } = (incoming.socket as TLSSocket).getPeerCertificate() as { raw?: Buffer };
      const headers = { ...incoming.headers };
      delete headers[header];
      if (raw) headers[header] = `:${raw.toString('base64')}:`;
      const proxyRequest = httpRequest(
        target + incoming.url,
        { method: incoming.method, headers },
        (response) => {
          outgoing.writeHead(response.statusCode ?? 500, response.headers);
          response.pipe(outgoing);
        },
      );
      incoming.pipe(proxyRequest);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    closing.push(() => proxy.close());
    return `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  }

  test('accepts the bound certificate, and rejects another certificate or a missing one', async () => {
    const mtls = { trustedProxyHeader: 'Client-Cert', format } as const;
    const { url, mint } = await startApp({ controllers: [MeController] }, { adapter, auth: { mtls } });
    const proxy = await startProxy(url);
    const token = await mint(bound);
    expect((await ask(proxy, token, { certificate: client })).status).toBe(200);
    expect((await ask(proxy, token, { certificate: thief })).status).toBe(401);
    expect((await ask(proxy, token)).status).toBe(401);
    const forged = { [header]: `:${client.cert.replace(/-----[^-]+-----|\s/g, '')}:` };
    expect((await ask(proxy, token, { headers: forged })).status).toBe(401);
    expect((await ask(proxy, token, { headers: forged, certificate: thief })).status).toBe(401);
  });

  test('rejects a repeated header', async () => {
    const mtls = { trustedProxyHeader: header, format } as const;
    const { url, mint } = await startApp({ controllers: [MeController] }, { adapter, auth: { mtls } });
    const value = `:${client.cert.replace(/-----[^-]+-----|\s/g, '')}:`;
    const clientRequest = httpRequest(`${url}/me`, {
      headers: { authorization: `Bearer ${await mint(bound)}`, [header]: [value, value] },
    });
    const responded = once(clientRequest, 'response');
    clientRequest.end();
    const [response] = await responded;
    response.resume();
    expect(response.statusCode).toBe(400);
  });
});
