import type { TestAuthorizationServer } from '@countersign/testing';
import { openHttpBrowser } from '../support/http-browser.ts';
import type { ProofKey } from './tokens.ts';

/** An action of a legitimate user or client, which is repeated during an attack. */
export interface LegitimateAct {
  readonly name: string;
  /** @throws Error with the failure. */
  run(): Promise<void>;
}

export interface LegitimateOptions {
  readonly web: string;
  readonly api: string;
  readonly audience: string;
  readonly issuer: TestAuthorizationServer;
  readonly opaqueToken: string;
  readonly proofKey: ProofKey;
}

/** Creates sessions, logins, back-channel logouts, and API calls with each kind of token. */
export async function createLegitimateActs(options: LegitimateOptions): Promise<readonly LegitimateAct[]> {
  const { web, api, audience, issuer, opaqueToken, proofKey } = options;
  const signedIn = await logIn(web, issuer);
  const jwt = await issuer.mintAccessToken({ aud: audience });
  const bound = await issuer.mintAccessToken({ aud: audience, cnf: { jkt: proofKey.thumbprint } });
  const url = `${api}/me`;
  const call = (authorization: string, headers: Record<string, string> = {}) =>
    expectStatus(200, fetch(url, { headers: { authorization, ...headers } }));
  return [
    { name: 'session', run: () => expectSession(signedIn) },
    { name: 'login', run: async () => expectSession(await logIn(web, issuer)) },
    {
      name: 'logout token',
      run: async () => {
        const body = new URLSearchParams({
          logout_token: await issuer.mintLogoutToken({
            aud: 'web',
            sub: crypto.randomUUID(),
            sid: crypto.randomUUID(),
          }),
        });
        await expectStatus(200, fetch(`${web}/auth/backchannel-logout`, { method: 'POST', body }));
      },
    },
    { name: 'JWT', run: () => call(`Bearer ${jwt}`) },
    { name: 'opaque token', run: () => call(`Bearer ${opaqueToken}`) },
    {
      name: 'DPoP',
      run: () => call(`DPoP ${bound}`, { dpop: proofKey.prove({ method: 'GET', url, token: bound }) }),
    },
  ];
}

type Browser = ReturnType<typeof openHttpBrowser>;

async function logIn(origin: string, issuer: TestAuthorizationServer): Promise<Browser> {
  const browser = openHttpBrowser(origin);
  const { location, status } = await browser.visit('/auth/login');
  if (location === undefined) throw new Error(`The login route responded with status ${status}`);
  const response = await issuer.authorize(location);
  const callback = await browser.visit(response.url);
  if (callback.status !== 303) throw new Error(`The callback responded with status ${callback.status}`);
  return browser;
}

async function expectSession(browser: Browser): Promise<void> {
  const { status, html } = await browser.visit('/auth/session');
  if (status !== 200 || !html.includes('"alice"'))
    throw new Error(`/auth/session: status ${status}, ${html.slice(0, 80)}`);
}

async function expectStatus(expected: number, request: Promise<Response>): Promise<void> {
  const response = await request;
  await response.arrayBuffer();
  if (response.status !== expected) throw new Error(`status ${response.status}, expected ${expected}`);
}

export interface ActCounts {
  readonly done: number;
  readonly failures: readonly string[];
}

/** Repeats the acts in sequence until the attack has ended. Runs each at least once. */
export async function runActsDuring(
  acts: readonly LegitimateAct[],
  attack: Promise<unknown>,
): Promise<ActCounts> {
  let ended = false;
  const end = attack.finally(() => {
    ended = true;
  });
  end.catch(() => {});
  let done = 0;
  const failures: string[] = [];
  do {
    for (const { name, run } of acts) {
      try {
        await run();
        done++;
      } catch (error) {
        failures.push(`${name}: ${error instanceof Error ? error.message : 'unknown error'}`);
      }
    }
  } while (!ended && failures.length < 20);
  await end;
  return { done, failures };
}
