import { readIdTokenHint } from '../authorization-parameters.ts';
import { OAuthError } from '../errors.ts';
import { applyFaults } from '../faults/index.ts';
import type { ServerState } from '../state.ts';
import { issueLogoutToken } from '../wire/tokens.ts';

/** @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout */
export async function endSession(state: ServerState, request: Request): Promise<Response> {
  const parameters =
    request.method === 'POST' ? new URLSearchParams(await request.text()) : new URL(request.url).searchParams;
  const hint = parameters.get('id_token_hint');
  const claims = hint === null ? undefined : readIdTokenHint(state, hint);
  const clientId = parameters.get('client_id') ?? (typeof claims?.aud === 'string' ? claims.aud : undefined);
  const client = clientId === undefined ? undefined : state.clients.get(clientId);
  const { logoutTargetParameters = ['post_logout_redirect_uri'] } = state.flavour;
  const targetName = logoutTargetParameters.find((name) => parameters.has(name)) ?? '';
  const target = parameters.get(targetName);
  if (target !== null && (!client || client.postLogoutRedirectUris?.includes(target) === false)) {
    throw new OAuthError('invalid_request', `${targetName} is not registered`);
  }
  const endedSession = state.session;
  state.session = undefined;
  if (endedSession) await notifyClients(state, endedSession);
  if (target === null) return new Response('Signed out.', { headers: { 'content-type': 'text/plain' } });
  const back = new URLSearchParams();
  const logoutState = parameters.get('state');
  if (logoutState !== null) back.set('state', logoutState);
  const location = new URL(target);
  for (const [name, value] of await applyFaults(state, 'logoutResponse', back))
    location.searchParams.append(name, value);
  return new Response(null, { status: 302, headers: { location: location.href } });
}

/** Sends logout tokens to the registered clients of a session (OpenID Connect Back-Channel Logout section 2.5). */
export async function notifyClients(
  state: ServerState,
  session: { sub: string; sid: string },
): Promise<Response[]> {
  const send = state.options.outgoingFetch ?? fetch;
  const clientIds = new Set(
    state.grants.filter(({ sid }) => sid === session.sid).map(({ clientId }) => clientId),
  );
  const targets = [...clientIds]
    .map((id) => state.clients.get(id))
    .filter((client) => client?.backchannelLogoutUri);
  return Promise.all(
    targets.map(async (client) => {
      const logoutToken = await issueLogoutToken(state, {
        aud: client!.clientId,
        sub: session.sub,
        sid: session.sid,
      });
      return send(client!.backchannelLogoutUri!, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ logout_token: logoutToken }).toString(),
      });
    }),
  );
}
