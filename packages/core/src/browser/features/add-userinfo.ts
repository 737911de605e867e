import type { Userinfo } from '../../client/resources/userinfo.ts';
import { getErrorCode } from '../../errors.ts';
import { emitEventOrLog } from '../../events.ts';
import { isDevelopment } from '../../internal/development.ts';
import { getIssuer } from '../../providers/apply-preset.ts';
import type { BrowserAuth, BrowserAuthSnapshot } from '../browser-auth-types.ts';
import type { BrowserAuthOptions } from '../options.ts';
import { isSameHolder, type LoginHolder } from '../state/login-holder.ts';
import { fetchUserinfo } from './fetch-userinfo.ts';

/** Milliseconds between a failed request and the next one. */
const retryPause = 60_000;

/**
 * Returns a client whose snapshot also contains the claims of the userinfo endpoint. They are fetched once for each login,
 * after it has begun. A claim of the ID token is never replaced: it is signed.
 *
 * A failure is the event `userinfo.failed`. After a temporary one, the claims are fetched again at the next change of the
 * login state, for example a refresh, at most once a minute.
 *
 * @param options those of the client
 * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfo
 * @example
 * ```ts
 * import { addUserinfo, type BrowserAuthOptions, createBrowserAuth } from '@countersign/core/browser';
 *
 * const createAuth = (options: BrowserAuthOptions) => addUserinfo(createBrowserAuth(options), options);
 * ```
 */
export function addUserinfo(auth: BrowserAuth, options: BrowserAuthOptions): BrowserAuth {
  const { now = Date.now, clientId } = options;
  const issuer = getIssuer(options);
  const listeners = new Set<() => void>();
  let loadedUserinfo: { readonly holder: LoginHolder; readonly userinfo: Userinfo } | undefined;
  let pending: LoginHolder | undefined;
  let failedRequest: { readonly holder: LoginHolder; readonly until: number } | undefined;
  let mergedSnapshot:
    | { readonly source: BrowserAuthSnapshot; readonly result: BrowserAuthSnapshot }
    | undefined;

  function snapshot(): BrowserAuthSnapshot {
    const source = auth.snapshot();
    if (!loadedUserinfo || !source.claims || !isSameHolder(loadedUserinfo.holder, source.holder))
      return source;
    if (mergedSnapshot?.source !== source) {
      mergedSnapshot = {
        source,
        result: { ...source, claims: { ...loadedUserinfo.userinfo, ...source.claims } },
      };
    }
    return mergedSnapshot.result;
  }

  function update(): void {
    const { status, holder } = auth.snapshot();
    const isNeeded =
      status === 'signed-in' &&
      holder &&
      ![loadedUserinfo?.holder, pending].some(
        (knownHolder) => knownHolder && isSameHolder(knownHolder, holder),
      ) &&
      !(failedRequest && isSameHolder(failedRequest.holder, holder) && now() < failedRequest.until);
    if (isNeeded) void load(holder);
  }

  async function load(holder: LoginHolder): Promise<void> {
    pending = holder;
    try {
      const userinfo = await fetchUserinfo(auth, options);
      if (!isSameHolder(holder, auth.snapshot().holder)) return;
      loadedUserinfo = { holder, userinfo };
      mergedSnapshot = undefined;
      for (const listener of listeners) listener();
    } catch (error) {
      // After a logout, or the login of another user, there is nothing to report.
      if (!isSameHolder(holder, auth.snapshot().holder)) return;
      failedRequest = { holder, until: now() + retryPause };
      const code = getErrorCode(error);
      emitEventOrLog(
        options.onEvent,
        { type: 'userinfo.failed', issuer, clientId, code },
        isDevelopment ? `The claims of userinfo are missing: ${(error as Error).message}` : '',
      );
    } finally {
      if (pending === holder) pending = undefined;
      update();
    }
  }

  auth.subscribe(update);
  update();
  return {
    ...auth,
    snapshot,
    subscribe(listener) {
      listeners.add(listener);
      const unsubscribe = auth.subscribe(listener);
      return () => {
        listeners.delete(listener);
        unsubscribe();
      };
    },
  };
}
