import { createTestClock, getSeconds, type TestClock } from './clock.ts';
import { notifyClients } from './endpoints/end-session.ts';
import type { Fault } from './faults/index.ts';
import type { Flavour } from './flavours/flavour.ts';
import { flavours } from './flavours/index.ts';
import { listenOnLoopback } from './listen.ts';
import type { Endpoint, Failure, TestAuthorizationServerOptions, TestClient, TestUser } from './options.ts';
import { route } from './router.ts';
import { createRandomId, type LoggedRequest, type ScriptedAnswer, type ServerState } from './state.ts';
import { findEndpointUrl } from './wire/endpoint-urls.ts';
import { getTokenIssuer } from './wire/flavour-context.ts';
import { sign } from './wire/jws.ts';
import { createKeyRing } from './wire/keys.ts';
import { createMetadata } from './wire/metadata.ts';
import { changeAccessTokenClaims, createAccessTokenHeader, issueLogoutToken } from './wire/tokens.ts';

const defaultClients: readonly TestClient[] = [
  { clientId: 'app' },
  { clientId: 'web', clientSecret: 'web-secret' },
];

const defaultUsers: readonly TestUser[] = [
  { sub: 'alice', claims: { name: 'Alice Example', email: 'alice@example.test', email_verified: true } },
  { sub: 'bob', claims: { name: 'Bob Example', email: 'bob@example.test', email_verified: true } },
];

/** The redirect of the provider with the authorization response. */
export interface AuthorizationRedirect {
  readonly redirectUri: string;
  readonly responseMode: 'query' | 'form_post';
  readonly parameters: URLSearchParams;
  /** The redirect URL. For `query`, it includes the parameters. */
  readonly url: URL;
}

/** How one token is signed. */
export interface MintOptions {
  /** Default: `RS256`. */
  readonly alg?: string;
  /** Additional members of the header. Default: none. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Signs with a key that is not published. Default: false. */
  readonly foreignKey?: boolean;
}

/** An authorization server in the process of the test. */
export interface TestAuthorizationServer {
  /** The issuer identifier, as in the metadata. */
  readonly issuer: string;
  /** Responds to requests without sockets. Pass it to the code under test. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Also serves on a loopback port. Unless the option `issuer` is set, the issuer becomes that address. */
  listen(options?: { readonly port?: number }): Promise<{ readonly issuer: string; close(): Promise<void> }>;
  readonly metadata: Record<string, unknown>;
  /** The address of the metadata. `undefined` if the provider publishes none. */
  readonly metadataUrl: string | undefined;
  readonly clock: TestClock;
  /** The active faults. */
  readonly faults: Set<Fault>;
  /** The requests that the server received, oldest first. */
  readonly requests: LoggedRequest[];
  requestsTo(endpoint: Endpoint): LoggedRequest[];
  /** Makes an endpoint fail once, or `times` times. Several failures apply in order. */
  fail(endpoint: Endpoint, failure: Failure): void;
  /** Makes requests to an endpoint wait until the returned function is called. */
  hold(endpoint: Endpoint): () => void;
  /** Signs a user in at the provider. `undefined` signs the user out without logout tokens. */
  signIn(sub: string | undefined): void;
  /** Sets how the user responds to the next authorization request. */
  answerNext(answer: ScriptedAnswer): void;
  /** Follows an authorization URL like a browser, up to the redirect to the client. */
  authorize(url: string | URL): Promise<AuthorizationRedirect>;
  /** Approves or denies a device login. */
  answerDevice(userCode: string, answer: { readonly sub: string } | 'denied'): void;
  rotateKeys(options?: { readonly keepOld?: boolean }): Promise<void>;
  /** Ends all grants. The server then rejects their refresh tokens. */
  endGrants(): void;
  /** Ends the session of the signed-in user and sends logout tokens to the registered clients. */
  endSession(): Promise<Response[]>;
  /** Creates an access token (RFC 9068). `claims` replaces claims; `undefined` removes one. */
  mintAccessToken(claims?: Readonly<Record<string, unknown>>, options?: MintOptions): Promise<string>;
  /** Creates an ID token. `claims` replaces claims; `undefined` removes one. */
  mintIdToken(claims?: Readonly<Record<string, unknown>>, options?: MintOptions): Promise<string>;
  /** Creates a logout token. `claims` replaces claims; `undefined` removes one. */
  mintLogoutToken(claims?: Readonly<Record<string, unknown>>): Promise<string>;
}

/**
 * Creates an authorization server for tests. It follows the specifications until a test adds a fault or a failure.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html
 * @example
 * ```ts
 * import { createAuthorizationRequest, createClient } from '@countersign/core';
 * import { createTestAuthorizationServer } from '@countersign/testing';
 *
 * const redirectUri = 'https://app.example.test/callback';
 * const server = await createTestAuthorizationServer();
 * const client = createClient({ issuer: server.issuer, clientId: 'app', fetch: server.fetch, redirectUri });
 * const { url, transaction } = await createAuthorizationRequest(client);
 * const { parameters } = await server.authorize(url);
 * ```
 */
export async function createTestAuthorizationServer(
  givenOptions: TestAuthorizationServerOptions = {},
): Promise<TestAuthorizationServer> {
  const flavour = flavours[givenOptions.flavour ?? 'standard'];
  const options: TestAuthorizationServerOptions = { ...flavour.defaults, ...givenOptions };
  const users = options.users ?? defaultUsers;
  const clock = createTestClock();
  const state: ServerState = {
    issuer: options.issuer ?? flavour.issuer,
    options,
    flavour,
    clock,
    keys: createKeyRing(listSigningAlgs(options, flavour), { exclusive: options.ownKeys === true }),
    clients: new Map((options.clients ?? defaultClients).map((client) => [client.clientId, client])),
    users: new Map(users.map((user) => [user.sub, user])),
    session: undefined,
    scriptedAnswers: [],
    codes: new Map(),
    refreshTokens: new Map(),
    accessTokens: new Map(),
    pushedRequests: new Map(),
    devices: new Map(),
    jtis: new Set(),
    nonces: new Set(),
    grants: [],
    requests: [],
    failures: new Map(),
    heldRequests: new Map(),
    faults: new Set(options.faults),
  };
  const signIn = (sub: string | undefined) => {
    state.session =
      sub === undefined ? undefined : { sub, sid: createRandomId(), authTime: getSeconds(clock) };
  };
  signIn(users[0]?.sub);
  await state.keys.listPublishedKeys();
  const handleRequest: TestAuthorizationServer['fetch'] = (input, init) =>
    route(state, new Request(input, init));

  return {
    get issuer() {
      return state.issuer;
    },
    get metadata() {
      return createMetadata(state);
    },
    get metadataUrl() {
      return findEndpointUrl(state, 'discovery');
    },
    clock,
    faults: state.faults,
    requests: state.requests,
    fetch: handleRequest,
    async listen({ port = 0 } = {}) {
      const { origin, close } = await listenOnLoopback((request) => route(state, request), port);
      if (options.issuer === undefined) state.issuer = flavour.issuer.replace(/^https?:\/\/[^/]+/, origin);
      return { issuer: state.issuer, close };
    },
    requestsTo: (endpoint) => state.requests.filter((request) => request.endpoint === endpoint),
    fail(endpoint, failure) {
      const queue = state.failures.get(endpoint) ?? [];
      state.failures.set(endpoint, [...queue, { ...failure, left: failure.times ?? 1 }]);
    },
    hold(endpoint) {
      let open = () => {};
      state.heldRequests.set(
        endpoint,
        new Promise((resolve) => {
          open = resolve;
        }),
      );
      return () => {
        state.heldRequests.delete(endpoint);
        open();
      };
    },
    signIn,
    answerNext: (scripted) => void state.scriptedAnswers.push(scripted),
    async authorize(url) {
      const response = await handleRequest(url);
      return response.status === 302
        ? readRedirect(response)
        : readFormPost(await response.text(), response.status);
    },
    answerDevice(userCode, decision) {
      const device = [...state.devices.values()].find((each) => each.userCode === userCode);
      if (!device) throw new Error(`no device login has the user code "${userCode}"`);
      device.status = decision;
    },
    rotateKeys: (how) => state.keys.rotate(how),
    endGrants() {
      for (const grant of state.grants) grant.isEnded = true;
    },
    async endSession() {
      const { session } = state;
      state.session = undefined;
      return session ? notifyClients(state, session) : [];
    },
    mintAccessToken(claims = {}, how = {}) {
      const iat = getSeconds(clock);
      const clientId = [...state.clients.keys()][0] ?? '';
      const sub = users[0]?.sub;
      const grant = {
        id: createRandomId(),
        clientId,
        sub,
        sid: state.session?.sid,
        scope: 'openid',
        resources: [],
        isEnded: false,
      };
      const defaults = changeAccessTokenClaims(
        state,
        grant,
        { scope: 'openid', grantType: 'mint' },
        {
          iss: getTokenIssuer(state, sub),
          sub,
          aud: options.resources?.[0] ?? state.issuer,
          client_id: clientId,
          scope: 'openid',
          iat,
          exp: iat + 3600,
          jti: createRandomId(),
        },
      );
      const { alg: _, ...header } = createAccessTokenHeader(state);
      return mint('access_token', { ...defaults, ...claims }, header, how);
    },
    mintIdToken(claims = {}, how = {}) {
      const iat = getSeconds(clock);
      const aud = [...state.clients.keys()][0];
      const sub = users[0]?.sub;
      const defaults = { iss: getTokenIssuer(state, sub), sub, aud, iat, exp: iat + 300 };
      return mint('id_token', { ...defaults, ...claims }, { typ: 'JWT' }, how);
    },
    mintLogoutToken(claims = {}) {
      const aud = String(claims.aud ?? [...state.clients.keys()][0]);
      const { session } = state;
      return issueLogoutToken(state, { aud, sub: session?.sub, sid: session?.sid }, claims);
    },
  };

  async function mint(
    kind: 'access_token' | 'id_token',
    claims: Record<string, unknown>,
    header: Record<string, unknown>,
    how: MintOptions,
  ): Promise<string> {
    const alg = how.alg ?? 'RS256';
    const key = how.foreignKey ? ('key_foreign' as const) : undefined;
    const faultyState: ServerState = key ? { ...state, faults: new Set<Fault>([`${kind}_${key}`]) } : state;
    const full = { ...header, ...how.header, alg };
    return sign(faultyState, { kind, client: undefined, header: full, claims });
  }
}

/** Lists the algorithms whose keys the server publishes at the start. */
function listSigningAlgs(options: TestAuthorizationServerOptions, flavour: Flavour): readonly string[] {
  const { metadata, idTokenSigningAlg = 'RS256' } = flavour;
  if (metadata === undefined) return ['RS256', 'ES256'];
  return [...new Set([idTokenSigningAlg, options.accessTokenSigningAlg ?? 'RS256'])].filter(
    (alg) => !alg.startsWith('HS'),
  );
}

function readRedirect(response: Response): AuthorizationRedirect {
  const url = new URL(response.headers.get('location') as string);
  const target = new URL(url);
  target.search = '';
  return { redirectUri: target.href, responseMode: 'query', parameters: url.searchParams, url };
}

function readFormPost(page: string, status: number): AuthorizationRedirect {
  const unescapeHtml = (text: string) =>
    text.replaceAll('&lt;', '<').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
  const action = /<form method="post" action="([^"]*)"/.exec(page)?.[1];
  if (action === undefined)
    throw new Error(`the authorization endpoint returned status ${status}: ${page.slice(0, 200)}`);
  const parameters = new URLSearchParams();
  for (const [, name = '', value = ''] of page.matchAll(/name="([^"]*)" value="([^"]*)"/g)) {
    parameters.append(unescapeHtml(name), unescapeHtml(value));
  }
  const redirectUri = unescapeHtml(action);
  return { redirectUri, responseMode: 'form_post', parameters, url: new URL(redirectUri) };
}
