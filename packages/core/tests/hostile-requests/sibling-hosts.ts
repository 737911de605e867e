import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium } from 'playwright';
import { chromiumLaunchOptions } from '../../../../scripts/lib/programs/chromium.ts';
import { readNodeHeaders } from '../../src/session/http/node-requests.ts';
import type { WebSessionOptions } from '../../src/session/index.ts';
import { createTestAuthority, issueTestCertificate } from '../support/tls/certificates.ts';
import { createWebApp, type WebApp } from '../support/web-browser.ts';

/** Chromium, an application, its provider, and a hostile sibling host of the application, all over https. */
export interface SiblingHosts {
  readonly browser: Browser;
  readonly app: WebApp;
  /** `Set-Cookie` values of the hostile host; each character is one byte. */
  hostileCookies: readonly string[];
  /** `Set-Cookie` values of the application's response at `/own`. */
  ownCookies: readonly string[];
  /** The `Cookie` header of the last request to the application; each character is one byte. */
  readonly readCookieHeader: () => string;
  close(): Promise<void>;
}

export const appOrigin = 'https://app.example.test';
/** A page on another site that shows the application in a frame. */
export const embedderOrigin = 'https://portal.test';
export const hostileOrigin = 'https://hostile.example.test';

export async function startSiblingHosts(
  options: Partial<WebSessionOptions> = {},
  {
    issuer = 'https://login.example.test',
    hasLoginPage = false,
  }: { readonly issuer?: string; readonly hasLoginPage?: boolean } = {},
): Promise<SiblingHosts> {
  const app = await createWebApp(options, {
    server: { issuer, users: [{ sub: 'alice' }, { sub: 'mallory' }] },
  });
  let lastCookieHeader = '';

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', `https://${req.headers.host}`);
    if (url.origin === hostileOrigin) return sendRaw(req, hosts.hostileCookies);
    if (url.origin === embedderOrigin) {
      res.setHeader('content-type', 'text/html');
      res.end(`<!doctype html><iframe src="${appOrigin}/protected"></iframe>`);
      return;
    }
    if (url.origin === issuer) {
      const { href } = (await app.server.authorize(url)).url;
      // A login page: the provider's site starts the navigation to the callback.
      if (hasLoginPage) {
        res.setHeader('content-type', 'text/html');
        res.end(
          `<!doctype html><meta http-equiv="refresh" content="0; url=${href.replaceAll('&', '&amp;')}">`,
        );
        return;
      }
      res.writeHead(303, { location: href }).end();
      return;
    }
    lastCookieHeader = req.headers.cookie ?? '';
    if (url.pathname === '/own') return sendRaw(req, hosts.ownCookies);
    const init = { method: req.method ?? 'GET', headers: readNodeHeaders(req) };
    const response = await app.sessions.handle(
      new Request(url, req.method === 'POST' ? { ...init, body: await readBody(req) } : init),
    );
    if (!response) {
      const { session } = await app.sessions.open(req.headers.cookie);
      // Protects the page as an adapter does.
      if (!session && url.pathname === '/protected') {
        res.writeHead(307, { location: `${app.sessions.paths.login}?returnTo=/protected` }).end();
        return;
      }
      res.end(session?.user.sub ?? 'anonymous');
      return;
    }
    const cookies = response.headers.getSetCookie();
    response.headers.delete('set-cookie');
    res.writeHead(response.status, { ...Object.fromEntries(response.headers), 'set-cookie': cookies });
    res.end(await response.text());
  }

  const authority = createTestAuthority('Test authority');
  const { key, certificate } = issueTestCertificate(authority, 'example.test');
  const server = createServer({ key, cert: certificate }, (req, res) => {
    handle(req, res).catch((error: unknown) => res.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const browser = await chromium.launch({
    ...chromiumLaunchOptions,
    args: [
      ...chromiumLaunchOptions.args,
      `--host-resolver-rules=MAP *.test 127.0.0.1:${port}`,
      '--ignore-certificate-errors',
    ],
  });
  const hosts: SiblingHosts = {
    browser,
    app,
    hostileCookies: [],
    ownCookies: [],
    readCookieHeader: () => lastCookieHeader,
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
  return hosts;
}

/** Bypasses Node's checks, so that a header may contain any byte. */
function sendRaw({ socket }: IncomingMessage, setCookie: readonly string[]): void {
  const head = ['HTTP/1.1 200 OK', 'Content-Type: text/plain', 'Content-Length: 4', 'Connection: close'];
  const lines = [...head, ...setCookie.map((value) => `Set-Cookie: ${value}`), '', 'done'];
  socket.end(Buffer.from(lines.join('\r\n'), 'latin1'));
}

async function readBody(req: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of req) text += chunk;
  return text;
}
