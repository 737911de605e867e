// @platforms node, edge: the suite replaces `document` and `fetch`, which a browser does not allow.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Fetch } from '../../internal/fetch/bounded-fetch.ts';
import { resolveOptions } from '../options.ts';
import { fetchMetadata } from './metadata.ts';
import { sendRequest } from './send-request.ts';

const issuer = 'https://login.example';
const url = `${issuer}/token?secret=1`;
let document: EventTarget;

beforeEach(() => {
  document = new EventTarget();
  vi.stubGlobal('document', document);
  vi.stubGlobal('location', new URL('https://app.example/items'));
});
afterEach(() => void vi.unstubAllGlobals());

const createContext = (options: { fetch?: Fetch; timeout?: number } = {}) =>
  resolveOptions({ issuer, clientId: 'spa', redirectUri: 'https://app.example/callback', ...options });

const fail = async (): Promise<never> => {
  throw new TypeError('Failed to fetch');
};

/** Sends a request, and returns its error. */
const findError = (context = createContext(), init: RequestInit = { method: 'POST' }) =>
  sendRequest(context, url, init).then(
    () => expect.unreachable(),
    (error: Error) => error,
  );

describe('the error of a request without a response names the request, the cause and the remedy', () => {
  test('a directive of the Content-Security-Policy', async () => {
    vi.stubGlobal('fetch', async () => {
      setTimeout(() => {
        const violation = { blockedURI: `${issuer}/token`, effectiveDirective: 'connect-src' };
        document.dispatchEvent(Object.assign(new Event('securitypolicyviolation'), violation));
      });
      return fail();
    });
    expect(await findError()).toMatchObject({
      code: 'network_error',
      message:
        'POST https://login.example/token was blocked by the Content-Security-Policy of the page. Add https://login.example to its directive connect-src.',
    });
  });

  test('CORS, if the server responds to a request of another mode', async () => {
    const probes: RequestInit[] = [];
    vi.stubGlobal('fetch', async (_url: string, init: RequestInit) => {
      if (init.mode !== 'no-cors') return fail();
      probes.push(init);
      return new Response();
    });
    const context = createContext();
    for (let attempt = 0; attempt < 3; attempt++) {
      const { message } = await findError(context);
      expect(message).toMatch(/^POST https:\/\/login\.example\/token: .*https:\/\/app\.example .*\(CORS\)/);
      expect(message).toMatch(/client "spa"/);
    }
    // Without a body, credentials and method of the request, and once a minute.
    expect(probes).toEqual([
      { mode: 'no-cors', credentials: 'omit', cache: 'no-store', signal: expect.any(AbortSignal) },
    ]);
  });

  test('no connection', async () => {
    vi.stubGlobal('fetch', fail);
    const { message } = await findError();
    expect(message).toMatch(
      /received no response.*certificate.*connect-src must allow https:\/\/login\.example/,
    );
  });

  test('an offline browser', async () => {
    vi.stubGlobal('fetch', fail);
    vi.stubGlobal('navigator', { onLine: false });
    expect((await findError()).message).toMatch(/the browser is offline/);
  });

  test('a timeout', async () => {
    const error = await findError(createContext({ fetch: () => new Promise(() => {}), timeout: 10 }));
    expect(error).toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(/within 10 milliseconds.*"timeout"/),
    });
  });

  test('no cause in a page without a document, which sends no second request', async () => {
    vi.stubGlobal('document', undefined);
    let requests = 0;
    vi.stubGlobal('fetch', () => {
      requests++;
      return fail();
    });
    expect((await findError()).message).toMatch(/received no response/);
    expect(requests).toBe(1);
  });
});

describe('the error of an unexpected response names the response and the remedy', () => {
  const respond = (response: Response) => createContext({ fetch: async () => response });
  const json = (value: unknown) => Response.json(value);

  test.each<[string, Response, RegExp]>([
    ['429', new Response(null, { status: 429 }), /returned status 429\. The provider limits/],
    ['503', new Response(null, { status: 503 }), /returned status 503\. The provider is temporarily/],
    ['a redirect', new Response(null, { status: 301 }), /was redirected\. Use the address of the target/],
    ['404', new Response('no', { status: 404 }), /status 404 and text\/plain.*Check the option issuer/],
    [
      'a page',
      new Response('<p>', { headers: { 'content-type': 'text/html' } }),
      /status 200 and text\/html/,
    ],
    ['another issuer', json({ issuer: `${issuer}/` }), /"issuer" is "https:\/\/login.example\/".*slash/],
    [
      'no PKCE',
      json({ issuer, code_challenge_methods_supported: ['plain'] }),
      /lists the PKCE methods \["plain"\], expected "S256"/,
    ],
  ])('%s', async (_, response, message) => {
    const found = await fetchMetadata(respond(response)).catch((error: Error) => error.message);
    expect(found).toMatch(message);
    if (response.status !== 200) expect(found).toContain(`GET ${issuer}/.well-known/openid-configuration`);
  });
});
