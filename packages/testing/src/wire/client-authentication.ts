import { createLocalJWKSet, decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import { OAuthError } from '../errors.ts';
import type { TestClient } from '../options.ts';
import type { ServerState } from '../state.ts';
import { findEndpointUrl } from './endpoint-urls.ts';
import { createRejection } from './rejection.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Authenticates the client of a request with its registered method only. */
export async function authenticateClient(
  state: ServerState,
  request: Request,
  body: URLSearchParams,
): Promise<TestClient> {
  try {
    return await verifyClient(state, request, body);
  } catch (error) {
    const rejection = state.flavour.rejections?.client;
    throw rejection && error instanceof OAuthError ? createRejection(rejection, error) : error;
  }
}

async function verifyClient(
  state: ServerState,
  request: Request,
  body: URLSearchParams,
): Promise<TestClient> {
  const basic = readBasicCredentials(state, request);
  const assertion = body.get('client_assertion');
  const claimedId = basic?.id ?? body.get('client_id') ?? (assertion ? readSubject(assertion) : undefined);
  const client = claimedId === undefined || claimedId === null ? undefined : state.clients.get(claimedId);
  if (!client) throw createClientError('unknown client');
  if (body.has('client_id') && body.get('client_id') !== client.clientId)
    throw createClientError('two clients');
  const method = getAuthenticationMethod(client);
  const usedMethods = listUsedMethods(request, body, basic);
  const base = method.includes('jwt')
    ? 'assertion'
    : method.includes('tls') || method === 'none'
      ? 'none'
      : method;
  if (usedMethods.length > 1 || (usedMethods[0] ?? 'none') !== base)
    throw createClientError(`the client is registered for ${method}`);
  switch (method) {
    case 'client_secret_basic':
      await checkSecret(state, client, basic?.secret ?? '');
      break;
    case 'client_secret_post':
      await checkSecret(state, client, body.get('client_secret') ?? '');
      break;
    case 'client_secret_jwt':
    case 'private_key_jwt':
      await verifyAssertion(state, client, body, method);
      break;
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth':
      if (readCertificate(request) !== client.certificateThumbprint)
        throw createClientError('wrong certificate');
      break;
  }
  return client;
}

export const getAuthenticationMethod = (client: TestClient) =>
  client.tokenEndpointAuthMethod ?? (client.clientSecret === undefined ? 'none' : 'client_secret_basic');

/** Reads the thumbprint of the client certificate, which a TLS-terminating proxy would send in a header. */
export const readCertificate = (request: Request) =>
  request.headers.get('x-client-certificate-thumbprint') ?? undefined;

function listUsedMethods(request: Request, body: URLSearchParams, basic: object | undefined): string[] {
  return [
    ...(basic || request.headers.has('authorization') ? ['client_secret_basic'] : []),
    ...(body.has('client_secret') ? ['client_secret_post'] : []),
    ...(body.has('client_assertion') ? ['assertion'] : []),
  ];
}

/** Reads client ID and secret, which are form-encoded inside Basic (RFC 6749 section 2.3.1). */
function readBasicCredentials(
  { flavour }: ServerState,
  request: Request,
): { id: string; secret: string } | undefined {
  const match = /^basic (.+)$/i.exec(request.headers.get('authorization') ?? '');
  if (!match) return undefined;
  const [id = '', secret = ''] = atob(match[1] as string).split(':');
  if (flavour.decodesBasicCredentials === false) return { id, secret };
  const decode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));
  return { id: decode(id), secret: decode(secret) };
}

async function checkSecret(state: ServerState, client: TestClient, secret: string): Promise<void> {
  const context = { issuer: state.issuer, now: state.clock.now() };
  const isValid =
    (await state.flavour.verifyClientSecret?.(client, secret, context)) ?? secret === client.clientSecret;
  if (!isValid) throw createClientError('wrong secret');
}

/** Lists the accepted audiences of a client assertion. */
function listAssertionAudiences(state: ServerState): string[] {
  const { assertionAudience: audience } = state.flavour;
  return [
    ...(audience === 'token_endpoint' ? [] : [state.issuer]),
    ...(audience === 'issuer' ? [] : [findEndpointUrl(state, 'token') as string]),
  ];
}

function readSubject(assertion: string): string | undefined {
  try {
    return decodeJwt(assertion).sub;
  } catch {
    return undefined;
  }
}

async function verifyAssertion(
  state: ServerState,
  client: TestClient,
  body: URLSearchParams,
  method: 'client_secret_jwt' | 'private_key_jwt',
): Promise<void> {
  if (body.get('client_assertion_type') !== assertionType)
    throw createClientError('wrong client_assertion_type');
  const assertion = body.get('client_assertion') as string;
  const options = {
    issuer: client.clientId,
    subject: client.clientId,
    audience: listAssertionAudiences(state),
    requiredClaims: ['exp', 'iat', 'jti'],
    currentDate: new Date(state.clock.now()),
    clockTolerance: 5,
  };
  let claims: JWTPayload;
  try {
    if (method === 'client_secret_jwt') {
      const secret = new TextEncoder().encode(client.clientSecret);
      ({ payload: claims } = await jwtVerify(assertion, secret, { ...options, algorithms: ['HS256'] }));
    } else {
      const keys = createLocalJWKSet({ keys: [...(client.jwks?.keys ?? [])] });
      ({ payload: claims } = await jwtVerify(assertion, keys, options));
    }
  } catch {
    throw createClientError('the client assertion is not valid');
  }
  if (claims.exp! - claims.iat! > 300)
    throw createClientError('the client assertion has a lifetime above 300 seconds');
  if (state.jtis.has(claims.jti!)) throw createClientError('the client assertion was used before');
  state.jtis.add(claims.jti!);
}

const createClientError = (description: string) =>
  new OAuthError('invalid_client', description, 401, { 'www-authenticate': 'Basic realm="token"' });
