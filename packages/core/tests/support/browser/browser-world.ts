import { createBrowserAuth } from '../../../src/browser/browser-auth.ts';
import type { BrowserAuth } from '../../../src/browser/browser-auth-types.ts';
import type { BrowserLock } from '../../../src/browser/state/tabs/web-lock.ts';
import { createMemoryStorage, type TokenStorage } from '../../../src/browser/state/token-storage.ts';
import type { DpopProver } from '../../../src/browser/wire/dpop.ts';
import {
  createWorkerFetch,
  type TokenWorker,
  type WorkerFetchOptions,
} from '../../../src/browser/worker/worker-fetch.ts';
import type { Fetch } from '../../../src/internal/fetch/bounded-fetch.ts';
import type { TokenSet } from '../../../src/tokens/token-set.ts';
import { createScheduler, type Scheduler } from '../scheduler.ts';
import { showSteppedPage } from './stepped-page.ts';
import { createUpload, receiveUpload } from './stepped-upload.ts';
import { startSteppedWorker } from './stepped-worker.ts';
import { createUserProvider, readTokenUser, type User, type UserProvider } from './user-provider.ts';

export const origin = 'https://app.example';
export const apiUrl = 'https://api.example/transfer';

export interface WorldOptions {
  readonly seed: number;
  /** `tab`: the storage is asynchronous and has no `update`. */
  readonly reach: 'memory' | 'tab' | 'shared';
  readonly dpop: boolean;
  readonly refreshTokens: boolean;
  readonly readsHints: boolean;
  readonly silentLogin: boolean;
  /** False: the response of a refresh has no ID token. Default: true. */
  readonly idTokensAtRefresh?: boolean;
  /** Each page has a token worker. Default: false. */
  readonly worker?: boolean;
  /** Creates the option `fetch` of a client with a token worker. Default: `createWorkerFetch`. */
  readonly connectWorker?: (createWorker: () => TokenWorker, options: WorkerFetchOptions) => Fetch;
  /** Runs the steps in the order in which they began. Default: the order of the seed. */
  readonly isOrdered?: boolean;
}

export interface Tab {
  readonly name: string;
  readonly auth: BrowserAuth;
  readonly storage: TokenStorage;
  /** The last address to which the page navigated. */
  readLastUrl(): string | undefined;
  /** Opens the page again, with the storage of this tab. */
  reload(): Tab;
}

/** One request of the application and its outcome. */
export interface ApiCall {
  readonly tab: Tab;
  /** The body of an upload, which can be read only once. */
  readonly upload: ReadableStream<Uint8Array> | undefined;
  /** The user of the snapshot at its beginning; `null` without a user, `undefined` while loading. */
  owner: string | null | undefined;
  /** The users whose tokens it was sent with. */
  readonly sent: string[];
  outcome: string | undefined;
}

/** A browser with two tabs, a provider with two users, and an API. Each asynchronous operation is a scheduler step. */
export interface World {
  readonly scheduler: Scheduler;
  readonly provider: UserProvider;
  readonly tabs: readonly [Tab, Tab];
  readonly calls: ApiCall[];
  /** Violations that the test found. */
  readonly violations: string[];
  /** Records the beginning of a request. */
  begin(tab: Tab, request?: { readonly isUpload: boolean }): ApiCall;
  /** The API: records the user of the token, receives the upload, and responds. */
  api(call: ApiCall, request: ApiRequest): Promise<ApiResponse>;
  /** Advances the clock by a number of seconds. */
  advanceClock(seconds: number): void;
  /** Logs a user in with a visible login in a tab. */
  login(tab: Tab, user: User): Promise<void>;
}

export interface ApiRequest {
  readonly headers: { get(name: string): string | null };
  /** The body of an upload. */
  readonly upload: ReadableStream<Uint8Array> | undefined;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
}

/** The caller uses fake timers and restores the globals. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const scheduler = createScheduler(options.seed, options);
  let time = Date.UTC(2026, 0, 1);
  /** Each reading is later than the previous one, as in a browser. */
  const now = () => time++;
  const provider = await createUserProvider({ ...options, scheduler, now });
  showSteppedPage(scheduler, { origin, approve: provider.approve });
  const calls: ApiCall[] = [];
  const violations: string[] = [];
  const shared = createSlowStorage(scheduler, 'shared');
  const lock = createLock(scheduler);

  function createStorage(): TokenStorage {
    if (options.reach === 'shared') return shared;
    return options.reach === 'tab' ? createSlowStorage(scheduler, 'tab') : createMemoryStorage();
  }

  function createFetch(): Fetch {
    if (!options.worker) return provider.fetch;
    const { connectWorker = createWorkerFetch } = options;
    const { issuer, metadata, fetch } = provider;
    return connectWorker(() => startSteppedWorker(scheduler, fetch), { issuer, metadata, fetch });
  }

  function openTab(name: string, storage = createStorage()): Tab {
    let lastUrl: string | undefined;
    const auth = createBrowserAuth({
      issuer: provider.issuer,
      clientId: 'spa',
      redirectUri: `${origin}/callback`,
      metadata: provider.metadata as never,
      idTokenSignedResponseAlg: 'ES256',
      fetch: createFetch(),
      now,
      lock,
      storage,
      onEvent: () => {},
      navigate: (url) => {
        lastUrl = url;
      },
      ...(options.silentLogin && { silentRedirectUri: `${origin}/silent.html` }),
      ...(options.dpop && { dpop: async () => createSlowProver(scheduler) }),
    });
    function reload() {
      auth.stop();
      return openTab(name, options.reach === 'memory' ? createMemoryStorage() : storage);
    }
    return { name, auth, storage, readLastUrl: () => lastUrl, reload };
  }

  const tabs = [openTab('first tab'), openTab('second tab')] as const;
  return {
    scheduler,
    provider,
    tabs,
    calls,
    violations,
    advanceClock: (seconds) => {
      time += seconds * 1000;
    },
    async login(tab, user) {
      await scheduler.step(`${user} signs in at the provider`, () => {
        provider.session = user;
      });
      await tab.auth.login();
      const callback = await scheduler.step(`${tab.name} gets its callback`, () =>
        provider.approve(tab.readLastUrl() ?? ''),
      );
      await tab.auth.handleCallback(callback);
    },
    begin(tab, { isUpload } = { isUpload: false }) {
      const { status, claims } = tab.auth.snapshot();
      const owner = status === 'loading' ? undefined : (claims?.sub ?? null);
      const upload = isUpload ? createUpload(scheduler) : undefined;
      const call: ApiCall = { tab, upload, owner, sent: [], outcome: undefined };
      calls.push(call);
      return call;
    },
    async api(call, { headers, upload }) {
      const [scheme, token = ''] = headers.get('authorization')?.split(' ') ?? [];
      const user = readTokenUser(token);
      if (call.owner === undefined) call.owner = user ?? null;
      call.sent.push(String(user));
      const currentUser = call.tab.auth.snapshot().claims?.sub;
      if (user !== call.owner) violations.push(`a request of ${call.owner} was sent with a token of ${user}`);
      if (user !== currentUser)
        violations.push(`a token of ${user} was sent while the page showed ${currentUser}`);
      if (upload !== call.upload) violations.push('an upload was sent without its body');
      if (upload && call.sent.length > 1) violations.push('an upload was sent twice');
      // The server checks the token before or after it has received the body.
      if (upload && scheduler.random() < 0.5) await receiveUpload(upload);
      const proof = headers.get('dpop');
      if (options.dpop && !proof?.startsWith(token)) violations.push('a proof for another token');
      const response = await scheduler.step('the API checks the token', (): ApiResponse => {
        if (options.dpop && !proof?.endsWith('nonce')) {
          const challenge = `${scheme} error="use_dpop_nonce"`;
          return { status: 401, headers: { 'www-authenticate': challenge, 'dpop-nonce': 'nonce' } };
        }
        if (provider.accepted.has(token)) return { status: 200, headers: {} };
        return { status: 401, headers: { 'www-authenticate': `${scheme} error="invalid_token"` } };
      });
      return scheduler.step('response of the API', () => response);
    },
  };
}

/** Models IndexedDB, or the storage of a native shell without `update`. Each operation is atomic and happens at a later step. */
function createSlowStorage(scheduler: Scheduler, reach: 'tab' | 'shared'): TokenStorage {
  const stored = createMemoryStorage();
  const copy = (tokens: TokenSet | undefined) => tokens && structuredClone(tokens);
  const update: TokenStorage['update'] = (key, change) =>
    scheduler.step('tokens are replaced', () => stored.update?.(key, change));
  return {
    reach,
    get: (key) => scheduler.step('tokens are read', () => copy(stored.get(key) as TokenSet | undefined)),
    set: (key, tokens) => scheduler.step('tokens are written', () => stored.set(key, tokens)),
    remove: (key) => scheduler.step('tokens are removed', () => stored.remove(key)),
    ...(reach === 'shared' && { update }),
  };
}

/** Models Web Locks: one owner, granted at a later step. */
function createLock(scheduler: Scheduler): BrowserLock {
  const held = new Set<string>();
  return async (name, run) => {
    const isFree = await scheduler.step('a lock is requested', () => !held.has(name) && held.add(name));
    if (!isFree) return undefined;
    try {
      return await run();
    } finally {
      held.delete(name);
    }
  };
}

function createSlowProver(scheduler: Scheduler): DpopProver {
  let nonce = '';
  return {
    thumbprint: 'thumbprint',
    createProof: (_method, _url, accessToken = '') =>
      scheduler.step('a proof is signed', () => `${accessToken} ${nonce}`),
    saveNonce(_url, headers) {
      const newNonce = headers.get('dpop-nonce');
      if (!newNonce || newNonce === nonce) return false;
      nonce = newNonce;
      return true;
    },
  };
}
