import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium } from '@playwright/test';
import {
  createTestAuthority,
  issueTestCertificate,
} from '../../../../packages/core/tests/support/tls/certificates.ts';
import { chromiumLaunchOptions } from '../../../../scripts/lib/programs/chromium.ts';

/** Chromium, for which each host of `.test` is on this machine, by https. */
export interface HttpsHosts {
  readonly browser: Browser;
  readonly close: () => Promise<void>;
}

/**
 * Starts a proxy by https that keeps the host of each request, and a browser that uses it.
 *
 * @param upstream the origin of the application
 * @param pages pages that the proxy serves itself, by URL
 */
export async function startHttpsHosts(
  upstream: string,
  pages: (url: URL) => string | undefined,
): Promise<HttpsHosts> {
  const { hostname, port: upstreamPort } = new URL(upstream);
  const { key, certificate } = issueTestCertificate(createTestAuthority('Test authority'), 'example.test');
  const server = createServer({ key, cert: certificate }, (incoming, outgoing) => {
    const { method, url: path = '/', headers } = incoming;
    const page = pages(new URL(path, `https://${headers.host}`));
    if (page !== undefined) {
      outgoing.setHeader('content-type', 'text/html').end(`<!doctype html>${page}`);
      return;
    }
    const forwarded = request({ host: hostname, port: upstreamPort, method, path, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders);
      response.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const rules = `--host-resolver-rules=MAP *.test 127.0.0.1:${port}`;
  const browser = await chromium.launch({
    ...chromiumLaunchOptions,
    args: [...chromiumLaunchOptions.args, rules, '--ignore-certificate-errors'],
  });
  return {
    browser,
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
