import { getSeconds } from '../clock.ts';
import { OAuthError } from '../errors.ts';
import { createRandomId, type ServerState } from '../state.ts';
import { authenticateClient } from '../wire/client-authentication.ts';
import { getBaseUrl } from '../wire/endpoint-urls.ts';
import { respondInFormat } from '../wire/rejection.ts';

/** @see https://www.rfc-editor.org/rfc/rfc8628#section-3.2 */
export async function deviceAuthorization(
  state: ServerState,
  request: Request,
  body: URLSearchParams,
): Promise<Response> {
  const client = await authenticateClient(state, request, body);
  const codeChallenge = body.get('code_challenge') ?? undefined;
  if (codeChallenge !== undefined && body.get('code_challenge_method') !== 'S256')
    throw new OAuthError('invalid_request', 'code_challenge_method is not S256');
  const code = createRandomId().slice(0, 8).toUpperCase();
  const userCode = `${code.slice(0, 4)}-${code.slice(4)}`;
  const deviceCode = `device-${createRandomId()}`;
  state.devices.set(deviceCode, {
    userCode,
    clientId: client.clientId,
    codeChallenge,
    scope: body.get('scope') ?? '',
    resources: body.getAll('resource'),
    expiresAt: getSeconds(state.clock) + 600,
    status: 'pending',
    interval: 5,
  });
  const verificationUri = `${getBaseUrl(state)}/device`;
  const members = {
    device_code: deviceCode,
    user_code: userCode,
    verification_uri: verificationUri,
    verification_uri_complete: `${verificationUri}?user_code=${userCode}`,
    expires_in: 600,
    interval: 5,
  };
  return respondInFormat(state, request, { members });
}
