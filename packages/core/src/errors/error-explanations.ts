import type { AuthErrorCode } from './error-codes.ts';

/** Why errors with one code occur, and what to do. Texts are Markdown. */
interface ErrorExplanation {
  readonly cause: string;
  readonly remedy: string;
}

/**
 * The explanation of each code, for developers. `docs/errors.md` and the error pages of development servers show it.
 * Browsers do not load this file.
 */
export const errorExplanations: Readonly<Record<AuthErrorCode, ErrorExplanation>> = {
  // ConfigurationError
  invalid_option: {
    cause: 'An option has a value that is not allowed.',
    remedy: 'Correct the option that the message names. The message contains the expected value.',
  },
  missing_option: {
    cause: 'A required option or environment variable is missing.',
    remedy: 'Set it.',
  },
  insecure_issuer: {
    cause: 'The issuer is plain http.',
    remedy: 'Use https. For a provider on your own machine, set `allowInsecureIssuer: true`.',
  },
  unsupported_by_provider: {
    cause: 'The metadata lacks an endpoint, the key set or a feature that the operation needs.',
    remedy: 'Enable the feature at the provider, pass `metadata`, or do not use the option.',
  },
  unsupported_by_browser: {
    cause:
      'The page lacks a browser feature that the login needs, for example `sessionStorage` (cookies blocked, sandboxed frame) or `crypto.subtle` (plain http).',
    remedy: 'Enable the feature that the message names, for example by https or by allowed cookies.',
  },
  wrong_context: {
    cause:
      'A function was called where it cannot work: a session function after the response was sent, or in a static page; or a function for development or tests with `NODE_ENV=production`.',
    remedy: 'Call the function at the place that the message names.',
  },
  cookies_too_large: {
    cause:
      'The session does not fit in cookies (6,500 bytes), for example with large access tokens or data of the application; or a login with many scopes does not fit beside it. If this is known before a refresh, no refresh token is spent.',
    remedy: 'Use a session store (option `store`), or issue fewer claims and scopes at the provider.',
  },
  duplicate_package: {
    cause:
      'A client of one copy of `@countersign/core`, or the clients of `provideAuth()` of one copy of `@countersign/angular`, are used by another copy.',
    remedy:
      'Install one copy: `npm ls @countersign/core` lists them. Give all `@countersign` packages the same version.',
  },
  missing_package: {
    cause: 'A function requires an optional package that is not installed: `undici` for `createNodeFetch()`.',
    remedy: 'Install it: `npm install undici`.',
  },
  too_many_applications: {
    cause:
      'The process records the logouts and used values of 2,000 applications in its memory, and another issuer, client ID or secret was used. The known ones continue.',
    remedy:
      'Return `undefined` for unknown hosts from the function of the options. For more applications set `tombstones` (or `store`) and `replay` to stores outside of the process.',
  },
  unguarded_handler: {
    cause: 'NestJS: a handler has a requirement that no guard checks.',
    remedy: 'Apply the guard to the method that the message names, or remove the decorator.',
  },
  shared_cache: {
    cause:
      'A cache could send the response for one user to another. NestJS: the key of `CacheInterceptor` does not contain the user. Next.js: a route handler itself loaded `@countersign/next`, or used the session for the first time after it had returned its response, too late to mark the response as private. Node: the headers were sent before the first use.',
    remedy:
      'NestJS: extend it and override `trackBy()` with `getPrincipalKey()`, or put `@Public()` on the handler. Next.js: import the module of `createAuth()` at the top of the route, and call `getSession()` before you return the response. Node: use the session before you write the response, or set `Cache-Control: private`.',
  },

  // AuthorizationServerError
  authorization_error: {
    cause:
      'The authorization response contains an error, for example `access_denied`. If a user cancels the login, LinkedIn responds with `user_cancelled_login` or `user_cancelled_authorize`, and Apple with `user_cancelled_authorize`.',
    remedy: 'Show a message, and offer another login.',
  },
  token_error: {
    cause:
      'The token endpoint rejected the request, for example with `invalid_grant`. `error` is empty if the response contains no OAuth error. For a refresh, `rejection` contains the meaning.',
    remedy:
      '`docs/errors.md` has a remedy for each `error`. In a refresh: after `invalid_grant`, log in again; after `invalid_target` or `invalid_scope`, request another resource or scope, because the provider issues no token for this one. The login continues.',
  },
  client_rejected: {
    cause:
      'A refresh was rejected with `invalid_client` or `unauthorized_client`: the secret, the key or the registration of the client is wrong. No session ends.',
    remedy: "Correct the client's credentials. The log names the client.",
  },
  endpoint_error: {
    cause: 'Another endpoint rejected the request.',
    remedy: 'Look up `error` and `status` in the documentation of the provider.',
  },

  // ValidationError
  metadata_invalid: {
    cause: 'The metadata names another issuer, or an endpoint is not https.',
    remedy: 'Compare `issuer` with the document, character by character.',
  },
  keys_invalid: {
    cause: 'The response of `jwks_uri` is not a key set.',
    remedy: 'Check the address at the provider.',
  },
  response_malformed: {
    cause:
      'A response is not what the specification requires: a redirect, malformed or oversized JSON, a missing member.',
    remedy: 'Check the provider, and proxies in between.',
  },
  authorization_response_invalid: {
    cause:
      'The authorization response has a wrong `iss` or `state`, a repeated parameter, the wrong response mode or an invalid signature.',
    remedy: 'Start the login again. If every login fails, compare the registration with the options.',
  },
  transaction_invalid: {
    cause:
      'No login with this `state` is in progress in this browser, it is too old, or it belongs to another provider.',
    remedy: 'Start the login again.',
  },
  session_cookie_missing: {
    cause:
      'The browser completed two logins within a minute and sent no session cookie after them, although it sent other cookies. Cookies are blocked, too many or too large, or `cookie.domain`, `cookie.path` or `cookie.sameSite` do not fit the address. Or `cookie.path` does not cover a page that needs a session. Or the browser is signed in, but the page receives other session cookies than the routes, for example one that another host of the domain has set. The error page stops the loop of redirects.',
    remedy:
      'Compare the `Set-Cookie` header of the callback with the cookies that the browser stores. Use a session store if the cookie is too large. Delete the cookies of the domain in the browser.',
  },
  token_response_invalid: {
    cause: 'The token response lacks a member, or has one of the wrong type.',
    remedy: 'Check the provider.',
  },
  id_token_invalid: {
    cause:
      'A claim or the signature of an ID token is invalid. For `refreshTokens()`: the refreshed ID token names another user.',
    remedy:
      'The check names it. `aud`: compare `clientId` with the registration. `alg`: set `idTokenSignedResponseAlg`. `exp`, `iat`: check the clocks.',
  },
  access_token_invalid: {
    cause: '`validateAccessToken` rejected the access token.',
    remedy: "Compare issuer and audience with the verifier's options.",
  },
  userinfo_invalid: {
    cause: 'Userinfo names another `sub`, or is not protected as registered.',
    remedy: 'Set the userinfo options to the registration.',
  },
  logout_token_invalid: {
    cause: 'A logout token is invalid, too old, or was used before.',
    remedy: 'Respond with 400. Nothing else is necessary.',
  },
  introspection_invalid: {
    cause: 'An introspection response is malformed, or not signed as registered.',
    remedy: 'Set the introspection options to the registration.',
  },
  request_invalid: {
    cause: 'A request to a route is malformed: a form, a logout request, a third-party login.',
    remedy:
      'The check names the part. `cookie`: a logout request has too many copies of the session cookie; delete the cookies of the domain in the browser.',
  },

  // TransportError
  network_error: {
    cause: 'No response was received.',
    remedy:
      'Retry. If it occurs often, check the network, DNS and certificates. The message contains the code of the failure.',
  },
  timeout: {
    cause: 'The exchange took longer than `timeout`.',
    remedy: 'Retry, or raise `timeout`.',
  },
  rate_limited: {
    cause: 'The provider responded with 429, or a limit of this library prevents a further request.',
    remedy: 'Retry after `retryAfter`.',
  },
  server_error: {
    cause: 'The provider responded with 5xx.',
    remedy: 'Retry. If it occurs often, check the provider.',
  },
  lock_timeout: {
    cause: 'Another request or tab held the refresh lock longer than the timeout.',
    remedy: 'Retry.',
  },
  store_unavailable: {
    cause:
      "A session store, replay store or the browser's storage is unavailable or full. It is unknown whether the user is signed in: respond with 503, and do not redirect to the login.",
    remedy: 'Check the store.',
  },

  // LoginRequiredError
  not_signed_in: {
    cause: 'There is no session.',
    remedy: 'Log in.',
  },
  session_ended: {
    cause:
      'The session ended: a logout (even during its code exchange), its lifetime, or the provider reported that the refresh token is invalid. `status` and `error` are those of the response.',
    remedy: 'Log in.',
  },
  refresh_rejected: {
    cause:
      'The provider rejected a refresh with a 4xx status, and the response does not state that the login is over. The session and its refresh token stay until a new login replaces them.',
    remedy:
      'Log in. If it occurs often, look for `status` and `error` in the log of the provider. A preset of the provider may recognize the response.',
  },
  interaction_required: {
    cause: 'The provider requires an interaction with the user: a consent, a further factor, a new password.',
    remedy: 'Log in with the parameters in `authorization` (`prompt`, `claims`, `resource`).',
  },
  refresh_token_missing: {
    cause: 'The access token expired, and the provider issued no refresh token.',
    remedy:
      'Log in. To receive a refresh token, set the option `refreshTokens` and allow refresh tokens for the client at the provider.',
  },
  step_up_required: {
    cause: 'For applications: an operation needs a stronger or more recent login.',
    remedy: 'Log in with `acrValues` or `maxAge`.',
  },
  popup_blocked: {
    cause: 'In the browser: no window was opened for `login({ display: "popup" })`.',
    remedy: 'Call `login` in the handler of a click, or log in without a window.',
  },
  popup_closed: {
    cause: 'In the browser: the user closed the window of the login, or another popup login started.',
    remedy: 'Offer the login again.',
  },

  // AccessTokenError
  token_missing: {
    cause: 'The request contains no access token.',
    remedy:
      'Client: send a token in the `Authorization` header. API: in NestJS, put `@Public()` or `@OptionalAuth()` on a handler that needs no token.',
  },
  invalid_request: {
    cause:
      'The request contains two credentials, a token outside of the `Authorization` header, or a malformed header.',
    remedy: 'Client: send one token, in the `Authorization` header.',
  },
  invalid_token: {
    cause:
      'The token is not valid at this API: its signature, issuer, audience, expiry or profile is wrong, or it was revoked.',
    remedy:
      'Client: refresh the token, and send the request once more. API: compare the token with `issuer`, `audience` and `profile`.',
  },
  insufficient_scope: {
    cause: 'The token lacks a required scope.',
    remedy:
      'Client: request a token with the scope that the challenge names. Provider: grant the scope to the user.',
  },
  invalid_dpop_proof: {
    cause: 'The DPoP proof is missing or invalid, or was used before.',
    remedy:
      'Client: create a new proof for each request, with its method and URL. API: set `dpop.origin` to the address that clients call.',
  },
  use_dpop_nonce: {
    cause: 'The DPoP proof does not contain the nonce that the API requires.',
    remedy: 'Client: send the request once more, with the nonce of the header `DPoP-Nonce` in the proof.',
  },
  insufficient_user_authentication: {
    cause: 'The login is too weak or too old (RFC 9470).',
    remedy: 'Client: log in again with the `acr_values` and `max_age` of the challenge.',
  },
  access_denied: {
    cause: 'The user lacks a role or a permission, or a policy denies the request.',
    remedy:
      'Grant the role or permission to the user at the provider. A new token with the same rights does not help.',
  },
};

/**
 * What the developer can do about an OAuth error of the provider, by the member `error` of its response. `docs/errors.md`
 * and the log of a failed request show it.
 */
export const providerErrorRemedies: Readonly<Record<string, string | undefined>> = {
  invalid_client: 'Check the client ID, and the secret or key of the client.',
  invalid_grant: 'The code has expired or was used, or "redirect_uri" differs from that of the login.',
  invalid_scope: 'Check the option "scope", and the scopes of the client at the provider.',
  invalid_target: 'Check the option "resource", and the APIs that the provider knows.',
  unauthorized_client: 'Allow this grant for the client at the provider.',
  unsupported_response_type: 'Allow the authorization code flow for the client at the provider.',
};
