import type { TestAuthorizationServer } from '@countersign/testing';
import { openHttpBrowser } from '../support/http-browser.ts';
import type { ProofKey } from './tokens.ts';

/** Something that a user or a client of the application does, again and again, while it is under attack. */
export interface LegitimateAct {
  readonly name: string;
  /** @throws Error that says what failed */
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

/** A session of one user, logins of others, their logouts by the provider, and calls of an API with each kind of token. */
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
  if (location === undefined) throw new Error(`The login route answered with status ${status}`);
  const answer = await issuer.authorize(location);
  const callback = await browser.visit(answer.url);
  if (callback.status !== 303) throw new Error(`The callback answered with status ${callback.status}`);
  return browser;
}

async function expectSession(browser: Browser): Promise<void> {
  const { status, html } = await browser.visit('/auth/session');
  if (status !== 200 || !html.includes('"alice"'))
    throw new Error(`/auth/session: status ${status}, ${html.slice(0, 80)}`);
}

async function expectStatus(expected: number, answering: Promise<Response>): Promise<void> {
  const response = await answering;
  await response.arrayBuffer();
  if (response.status !== expected) throw new Error(`status ${response.status}, expected ${expected}`);
}

export interface ActCounts {
  readonly done: number;
  readonly failures: readonly string[];
}

/** Repeats the acts, one after another, until the attack has ended; each at least once. */
export async function actDuring(
  acts: readonly LegitimateAct[],
  attack: Promise<unknown>,
): Promise<ActCounts> {
  let ended = false;
  const over = attack.finally(() => {
    ended = true;
  });
  over.catch(() => {});
  let done = 0;
  const failures: string[] = [];
  do {
    for (const { name, run } of acts) {
      try {
        await run();
        done++;
      } catch (error) {
        failures.push(`${name}: ${error instanceof Error ? error.message : 'unknown failure'}`);
      }
    }
  } while (!ended && failures.length < 20);
  await over;
  return { done, failures };
}
