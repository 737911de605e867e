import {
  checkAuthorizationParameters,
  checkOpenidParameters,
  checkProviderRules,
  issuesRefreshToken,
  openRequestObject,
  readIdTokenHint,
  splitScope,
} from '../authorization-parameters.ts';
import { getSeconds } from '../clock.ts';
import { OAuthError } from '../errors.ts';
import { applyFaults } from '../faults/index.ts';
import type { TestClient } from '../options.ts';
import { createRandomId, type Grant, type ServerState } from '../state.ts';
import { parseBounded } from '../wire/bounded-json.ts';
import { getAuthenticationMethod } from '../wire/client-authentication.ts';
import { sign } from '../wire/jws.ts';
import { getCapabilities } from '../wire/metadata.ts';
import { encryptFor } from '../wire/tokens.ts';

/** The authorization endpoint. The signed-in user approves immediately, unless the test set another response. */
export async function authorization(state: ServerState, request: Request): Promise<Response> {
  const outer =
    request.method === 'POST' ? new URLSearchParams(await request.text()) : new URL(request.url).searchParams;
  const client = state.clients.get(outer.get('client_id') ?? '');
  if (!client) throw new OAuthError('invalid_request', 'unknown client');
  const parameters = await resolveParameters(state, client, outer);
  checkAuthorizationParameters(state, client, parameters);
  checkProviderRules(state, parameters, 'page');
  const hint = parameters.get('id_token_hint');
  if (hint !== null) readIdTokenHint(state, hint);
  let result: Record<string, string>;
  try {
    result = grantCode(state, client, parameters);
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    result = { error: error.error, error_description: error.message };
  }
  return respond(state, client, parameters, result);
}

async function resolveParameters(
  state: ServerState,
  client: TestClient,
  outer: URLSearchParams,
): Promise<URLSearchParams> {
  const requestUri = outer.get('request_uri');
  if (requestUri === null) {
    if (state.options.requirePushedAuthorizationRequests) {
      throw new OAuthError('invalid_request', 'pushed authorization requests are required');
    }
    const inner = await openRequestObject(state, client, outer);
    checkOpenidParameters(outer, inner);
    return inner;
  }
  const pushedRequest = state.pushedRequests.get(requestUri);
  state.pushedRequests.delete(requestUri);
  if (
    !pushedRequest ||
    pushedRequest.expiresAt < getSeconds(state.clock) ||
    pushedRequest.parameters.get('client_id') !== client.clientId
  ) {
    throw new OAuthError('invalid_request', 'unknown request_uri');
  }
  return pushedRequest.parameters;
}

function grantCode(
  state: ServerState,
  client: TestClient,
  parameters: URLSearchParams,
): Record<string, string> {
  const scriptedAnswer = state.scriptedAnswers.shift();
  if (scriptedAnswer?.error)
    throw new OAuthError(scriptedAnswer.error, scriptedAnswer.errorDescription ?? '');
  checkProviderRules(state, parameters, 'redirect');
  const prompt = (parameters.get('prompt') ?? '').split(' ');
  const now = getSeconds(state.clock);
  const { session } = state;
  if (!session) throw new OAuthError('login_required', 'no user is signed in');
  const maxAge = parameters.get('max_age');
  if (prompt.includes('login') || (maxAge !== null && session.authTime + Number(maxAge) < now)) {
    if (prompt.includes('none')) throw new OAuthError('login_required', 'the login is too old');
    session.authTime = now;
  }
  const resources = [...parameters.getAll('resource'), ...readAudience(state, parameters)];
  for (const resource of resources) checkResource(state, resource);
  const user = state.users.get(session.sub);
  const requestedScopes = scriptedAnswer?.scope?.split(' ').filter(Boolean) ?? splitScope(parameters);
  const scopes = requestedScopes.filter((each) => allows(client.scope, each) && allows(user?.scope, each));
  const hasConsented = state.grants.some(
    ({ clientId, sub, isOffline }) =>
      clientId === client.clientId && sub === session.sub && isOffline === true,
  );
  const isPublic = getAuthenticationMethod(client) === 'none';
  const facts = { scopes, parameters, hasConsented, isPublic, user, session };
  const claims = parameters.get('claims');
  const details = parameters.get('authorization_details');
  const requiresAuthTime = maxAge !== null || claims?.includes('auth_time');
  const grant: Grant = {
    id: createRandomId(),
    clientId: client.clientId,
    sub: session.sub,
    sid: session.sid,
    scope: scopes.join(' '),
    resources,
    nonce: parameters.get('nonce') ?? undefined,
    ...(requiresAuthTime && { authTime: session.authTime }),
    acr: parameters.get('acr_values')?.split(' ')[0],
    ...(claims !== null && { claims: parseJsonParameter('claims', claims) as NonNullable<Grant['claims']> }),
    ...(details !== null && {
      authorizationDetails: parseJsonParameter('authorization_details', details) as NonNullable<
        Grant['authorizationDetails']
      >,
    }),
    isOffline: issuesRefreshToken(state, facts),
    isEnded: false,
  };
  const fields = state.flavour.authorizationResponse?.(facts);
  state.grants.push(grant);
  const code = `code-${createRandomId()}`;
  state.codes.set(code, {
    grant,
    redirectUri: parameters.get('redirect_uri') as string,
    codeChallenge: parameters.get('code_challenge') ?? undefined,
    jkt: parameters.get('dpop_jkt') ?? undefined,
    expiresAt: now + 60,
    isUsed: false,
  });
  return { code, ...fields };
}

function parseJsonParameter(name: string, text: string): object {
  const value = parseBounded(text);
  if (typeof value === 'object' && value !== null) return value;
  throw new OAuthError('invalid_request', `${name} is not JSON`);
}

export const readAudience = ({ flavour }: ServerState, parameters: URLSearchParams) => {
  const { audienceParameter: name } = flavour;
  const audience = name === undefined ? null : parameters.get(name);
  return audience === null ? [] : [audience];
};

export const allows = (list: string | undefined, scope: string) =>
  list === undefined || scope === 'openid' || scope === 'offline_access' || list.split(' ').includes(scope);

/** @see https://www.rfc-editor.org/rfc/rfc8707#section-2 */
export function checkResource({ options }: ServerState, resource: string): void {
  if (
    !URL.canParse(resource) ||
    resource.includes('#') ||
    (options.resources && !options.resources.includes(resource))
  ) {
    throw new OAuthError('invalid_target', 'the resource is not served');
  }
}

async function respond(
  state: ServerState,
  client: TestClient,
  parameters: URLSearchParams,
  result: Record<string, string>,
): Promise<Response> {
  const requestedState = parameters.get('state');
  const mode = parameters.get('response_mode') ?? 'query';
  const redirectUri = parameters.get('redirect_uri') as string;
  const plain = { ...result, ...(requestedState !== null && { state: requestedState }) };
  let fields: URLSearchParams;
  if (mode.endsWith('jwt')) {
    const jwt = await sign(state, {
      kind: 'authorization_response',
      client,
      header: { alg: client.authorizationSignedResponseAlg ?? 'RS256' },
      claims: { iss: state.issuer, aud: client.clientId, exp: getSeconds(state.clock) + 60, ...plain },
    });
    fields = new URLSearchParams({ response: await encryptFor(client, undefined, jwt) });
  } else {
    const hasIssuer = getCapabilities(state).authorization_response_iss_parameter_supported === true;
    fields = await applyFaults(
      state,
      'authorizationResponse',
      new URLSearchParams({ ...plain, ...(hasIssuer && { iss: state.issuer }) }),
    );
  }
  if (mode.startsWith('form_post')) return formPost(redirectUri, fields);
  const location = new URL(redirectUri);
  for (const [name, value] of fields) location.searchParams.append(name, value);
  return new Response(null, {
    status: 302,
    headers: { location: location.href, 'cache-control': 'no-store' },
  });
}

/** @see https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html */
function formPost(action: string, fields: URLSearchParams): Response {
  const attribute = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  const inputs = [...fields]
    .map(([name, value]) => `<input type="hidden" name="${attribute(name)}" value="${attribute(value)}">`)
    .join('');
  const page = `<!doctype html><title>Back to the application</title><body onload="document.forms[0].submit()"><form method="post" action="${attribute(action)}">${inputs}<button>Continue</button></form>`;
  return new Response(page, {
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
  });
}
