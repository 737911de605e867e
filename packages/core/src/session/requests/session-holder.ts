import { type Clock, seconds } from '../../internal/clock.ts';
import type { GetAccessTokenResult, TokenHolder } from '../../tokens/refresh/refresh-coordinator.ts';
import { type AccessTokenRequest, isNewerTokenSet, type TokenSet } from '../../tokens/token-set.ts';
import type { LoadedSession, SessionBackend } from '../backends/session-backend.ts';
import type { SessionState } from '../backends/state/session-state.ts';

/** The current session of a request, and what the response must write into the browser. */
export class SessionHolder implements TokenHolder {
  loadedSession: LoadedSession | undefined;
  /** The cookie value after a write. */
  sealedSession: string | undefined;
  hasEnded = false;
  /** Writes extend the idle lifetime. */
  isUse = true;
  /** Set by the session of the request. */
  requireWritable?: (request: AccessTokenRequest) => void;
  private readonly backend: SessionBackend;
  private readonly now: Clock;
  /** Seconds since the epoch; `undefined` after the first {@link read}. */
  private loadedAt: number | undefined;
  private lastOperation: Promise<unknown> | undefined;
  /** The tokens of the last write. The loaded session may have the previous ID token with them. */
  private writtenTokens: TokenSet | undefined;

  constructor(
    { backend, now }: { readonly backend: SessionBackend; readonly now: Clock },
    loadedSession: LoadedSession | undefined,
  ) {
    this.backend = backend;
    this.now = now;
    this.loadedSession = loadedSession;
    this.loadedAt = seconds(now);
  }

  /** All processes read a stored session. The tokens of a cookie are those of one request. */
  get isShared(): boolean {
    return this.backend.kind === 'stored';
  }

  async read(): Promise<TokenSet | undefined> {
    // The first read within the same second uses the loaded session. Later reads look for changes of other requests.
    const isFresh = this.loadedAt === seconds(this.now);
    this.loadedAt = undefined;
    if (!isFresh) await this.reload();
    return this.loadedSession?.state.tokens;
  }

  /** Loads the current state of the session, which other requests may have changed or ended. */
  reload(): Promise<void> {
    return this.runInOrder(async () => {
      this.loadedSession = this.loadedSession && (await this.backend.reload(this.loadedSession));
    });
  }

  async write(tokens: TokenSet): Promise<{ readonly sealedSession?: string } | false> {
    // A repeated write must not replace the tokens of a refresh that came later.
    // The loaded state already has these tokens if the first write failed.
    const replaceOlder = (state: SessionState) =>
      state.tokens === tokens || isNewerTokenSet(tokens, state.tokens) ? { ...state, tokens } : undefined;
    if (!(await this.change(replaceOlder))) return false;
    this.writtenTokens = tokens;
    return this.sealedSession === undefined ? {} : { sealedSession: this.sealedSession };
  }

  async end(): Promise<void> {
    if (this.loadedSession) await this.backend.end(this.loadedSession);
  }

  /** @returns false if the session has ended, or the update returned `undefined` */
  change(update: (state: SessionState) => SessionState | undefined): Promise<boolean> {
    return this.runInOrder(async () => {
      const writeResult =
        this.loadedSession && (await this.backend.write(this.loadedSession, update, { isUse: this.isUse }));
      if (!writeResult) return false;
      this.loadedSession = writeResult.loadedSession;
      this.sealedSession = writeResult.sealedSession;
      return true;
    });
  }

  /** Applies the tokens of a refresh, by this process or another. */
  applyTokens({
    tokens,
    sealedSession: receivedSession,
  }: Pick<GetAccessTokenResult, 'tokens' | 'sealedSession'>): Promise<void> {
    return this.runInOrder(async () => {
      if (!this.loadedSession || [this.loadedSession.state.tokens, this.writtenTokens].includes(tokens))
        return;
      // The cookie of another request lacks the changes that this request has written.
      const sealedSession = this.sealedSession === undefined ? receivedSession : undefined;
      const updatedSession = await this.backend.applyTokens(this.loadedSession, tokens, sealedSession);
      this.loadedSession = updatedSession;
      this.sealedSession = updatedSession.sealedSession;
    });
  }

  /** Removes the session from the browser. */
  clear(): Promise<void> {
    return this.runInOrder(async () => {
      this.loadedSession = undefined;
      this.hasEnded = true;
    });
  }

  /** Runs operations one after another, because each starts from the result of the previous one. */
  private runInOrder<T>(run: () => Promise<T>): Promise<T> {
    const operation = this.lastOperation ? this.lastOperation.then(run, run) : run();
    this.lastOperation = operation;
    return operation;
  }
}
