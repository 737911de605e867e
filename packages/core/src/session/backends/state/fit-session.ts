import { ConfigurationError } from '../../../errors.ts';
import type { AccessTokenRequest, StoredAccessToken, TokenSet } from '../../../tokens/token-set.ts';
import { findAccessToken } from '../../../tokens/token-set.ts';
import { maxSessionBytes } from '../../cookies/cookie-budget.ts';
import type { OmittedToken, SessionState } from './session-state.ts';

/** Maximum count of access tokens whose length is remembered. */
const maxOmittedTokens = 4;

export interface FitOptions {
  /** Counts the bytes of the session's cookies with this state. */
  readonly countBytes: (state: SessionState) => number;
  /** Compares the times of use: a negative number if the first token was used more recently. */
  readonly compareUse: (a: StoredAccessToken, b: StoredAccessToken) => number;
}

/**
 * Keeps the previous ID token if the claims of a new one are too large for the cookies. A session with the new claims could
 * not be stored, and its refresh token would be lost.
 *
 * @param previousTokens the tokens before the refresh
 */
export function selectIdToken(
  state: SessionState,
  previousTokens: TokenSet,
  { countBytes }: Pick<FitOptions, 'countBytes'>,
): SessionState {
  const { claims, idToken } = previousTokens;
  if (!claims || claims === state.tokens.claims) return state;
  const fits = (each: SessionState) => countBytes(omitIdToken(each)) <= maxSessionBytes;
  const keepNewest = (each: SessionState) =>
    replaceTokens(each, { accessTokens: each.tokens.accessTokens.slice(0, 1) });
  if (fits(keepNewest(state))) return state;
  const { idToken: _, ...tokens } = state.tokens;
  const previous = { ...state, tokens: { ...tokens, ...(idToken !== undefined && { idToken }), claims } };
  // If only the access token is too large, the previous claims do not help.
  const isCause = fits(keepNewest(previous)) || !fits(replaceTokens(state, { accessTokens: [] }));
  return isCause ? previous : state;
}

/**
 * Reduces a state until its cookies fit in the budget. First the least recently used access tokens are removed, then the text
 * of the ID token. Its claims remain.
 *
 * @param options `hasNewTokens`: the tokens were just received. The refresh token is then kept without an access token if
 *   necessary. `maxBytes`: the budget. Default: {@link maxSessionBytes}.
 * @throws ConfigurationError `cookies_too_large` if the rest does not fit
 */
export function fitSession(
  state: SessionState,
  {
    countBytes,
    compareUse,
    hasNewTokens,
    maxBytes = maxSessionBytes,
  }: FitOptions & { readonly hasNewTokens: boolean; readonly maxBytes?: number },
): SessionState {
  let fittedState = state;
  const fits = () => countBytes(fittedState) <= maxBytes;
  if (!fits()) {
    const [newest, ...others] = state.tokens.accessTokens;
    const byUse = newest ? [newest, ...others.sort(compareUse)] : [];
    for (let count = byUse.length - 1; count >= 1 && !fits(); count--)
      fittedState = replaceTokens(state, { accessTokens: byUse.slice(0, count) });
    if (!fits()) fittedState = omitIdToken(fittedState);
    // Without a refresh token, the access token could not be requested again, and each login would end here.
    if (!fits() && hasNewTokens && newest && state.tokens.refreshToken !== undefined)
      fittedState = addOmittedToken(omitIdToken(state), newest);
    if (!fits()) throw createSizeError(countBytes(fittedState), maxBytes);
  }
  return removeStoredTokens(fittedState);
}

/**
 * Checks that a new access token can be stored, as far as its length is known, before a refresh token is spent.
 *
 * @throws ConfigurationError `cookies_too_large`
 */
export function requireSpace(
  state: SessionState,
  request: AccessTokenRequest,
  { countBytes }: Pick<FitOptions, 'countBytes'>,
): void {
  const omittedToken = state.omittedTokens?.find((each) => isSameRequest(each, request));
  if (!omittedToken) return;
  const placeholder = {
    accessToken: 'x'.repeat(omittedToken.length),
    tokenType: 'Bearer',
    scopes: state.tokens.scopes,
  };
  const expected = omitIdToken(
    replaceTokens(state, { accessTokens: [{ ...placeholder, ...omittedToken } as StoredAccessToken] }),
  );
  const bytes = countBytes(expected);
  if (bytes > maxSessionBytes) throw createSizeError(bytes, maxSessionBytes);
}

const createSizeError = (bytes: number, maxBytes: number) =>
  new ConfigurationError(
    'cookies_too_large',
    `The session needs ${bytes} bytes of cookies, expected at most ${maxBytes}. Use a session store: set the option "store". Or reduce the claims of the tokens at the provider, or the data of the session.`,
  );

const replaceTokens = (state: SessionState, change: Partial<TokenSet>): SessionState => ({
  ...state,
  tokens: { ...state.tokens, ...change },
});

/** The claims of the ID token stay. The logout has no `id_token_hint` then. */
function omitIdToken(state: SessionState): SessionState {
  if (!state.tokens.claims) return state;
  const { idToken: _, ...tokens } = state.tokens;
  return { ...state, tokens };
}

function addOmittedToken(state: SessionState, token: StoredAccessToken): SessionState {
  const { resource, requestedScope, accessToken } = token;
  const omittedToken: OmittedToken = {
    ...(resource !== undefined && { resource }),
    ...(requestedScope !== undefined && { requestedScope }),
    length: accessToken.length,
  };
  const request = { resource, scope: requestedScope };
  const others = (state.omittedTokens ?? []).filter((each) => !isSameRequest(each, request));
  return {
    ...replaceTokens(state, { accessTokens: [] }),
    omittedTokens: [omittedToken, ...others].slice(0, maxOmittedTokens),
  };
}

/** Removes the records of omitted tokens that are stored again. */
function removeStoredTokens(state: SessionState): SessionState {
  const { omittedTokens, ...rest } = state;
  if (!omittedTokens) return state;
  const remaining = omittedTokens.filter(
    ({ resource, requestedScope }) => !findAccessToken(state.tokens, { resource, scope: requestedScope }),
  );
  return remaining.length === 0 ? rest : { ...rest, omittedTokens: remaining };
}

const isSameRequest = (token: OmittedToken, request: AccessTokenRequest) =>
  token.resource === request.resource && token.requestedScope === request.scope;
