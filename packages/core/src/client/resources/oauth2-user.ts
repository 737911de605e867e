import { AuthorizationServerError, ConfigurationError, ValidationError } from '../../errors.ts';
import { fetchBounded, getJsonBody } from '../../internal/fetch/bounded-fetch.ts';
import { isJsonObject, type JsonObject } from '../../internal/json/json.ts';
import { describeResponse, findTokenError } from '../../protocol/tokens/refresh-rejection.ts';
import type { OAuth2Userinfo } from '../../providers/provider.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { traceOperation } from '../observability.ts';
import { createUserAgentHeader } from '../wire/request-options.ts';
import { checkTokenArgument } from '../wire/token-argument.ts';

/** The user of an OAuth 2 login. `iss` is the issuer of the preset: the response is not signed. */
export interface OAuth2User {
  readonly iss: string;
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/**
 * Fetches the user of an OAuth 2 login, which has no ID token, as the preset of the provider maps the response. Call it with
 * the access token of {@link exchangeCode}, never with one that a browser or an application has sent: the response does not
 * say for which client the token was issued.
 *
 * @param accessToken the access token of a new login
 * @throws ConfigurationError `unsupported_by_provider` if the option `provider` is not a preset for OAuth 2 logins,
 *   `invalid_option` if the access token is not a string
 * @throws AuthorizationServerError `endpoint_error` if the provider rejects the access token, even with status 200
 * @throws ValidationError `userinfo_invalid` if the response does not identify the user
 * @throws TransportError if the provider cannot be reached or is temporarily unavailable
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-7
 * @example
 * ```ts
 * import { type Client, fetchOAuth2User, type TokenResponse } from '@countersign/core';
 *
 * async function findUser(client: Client, { accessToken }: TokenResponse): Promise<string> {
 *   const { iss, sub } = await fetchOAuth2User(client, accessToken);
 *   return `${iss} ${sub}`;
 * }
 * ```
 */
export async function fetchOAuth2User(client: Client, accessToken: string): Promise<OAuth2User> {
  return traceOperation(client, 'fetchOAuth2User', async () => {
    checkTokenArgument('The access token of fetchOAuth2User()', accessToken);
    const { http, options } = getClientContext(client);
    const { oauth2Userinfo } = options.provider ?? {};
    if (!oauth2Userinfo) {
      throw new ConfigurationError(
        'unsupported_by_provider',
        'The option provider is not a preset for OAuth 2 logins. The ID token of a login identifies its user.',
      );
    }
    const response = await fetchBounded(
      oauth2Userinfo.endpoint,
      {
        headers: {
          ...createUserAgentHeader(client),
          accept: 'application/json',
          authorization: `Bearer ${accessToken}`,
        },
      },
      http,
    );
    return toUser(client.issuer, readMembers(response), oauth2Userinfo);
  });
}

/** Some providers report an error with status 200. */
function readMembers(response: Response): JsonObject {
  const { status, headers } = response;
  const json = getJsonBody(response);
  const body = isJsonObject(json) ? json : undefined;
  const error = findTokenError(status, body, headers.get('www-authenticate'));
  if (error) {
    throw new AuthorizationServerError(
      'endpoint_error',
      `The userinfo endpoint responded with ${describeResponse(error)}.`,
      error,
    );
  }
  if (body) return body;
  throw invalid('json', 'is not a JSON object');
}

function toUser(
  issuer: string,
  body: JsonObject,
  { sub: subName, claims: names = {} }: OAuth2Userinfo,
): OAuth2User {
  const value = readMember(body, subName);
  // A larger number has lost digits, so that two users could have one identifier.
  const sub = Number.isSafeInteger(value) ? String(value) : value;
  if (typeof sub !== 'string' || sub === '' || sub.length > 255)
    throw invalid(subName, `has no "${subName}" that is a string of 1 to 255 characters or an integer`);
  const claims = Object.entries(names)
    .map(([claim, name]) => [claim, readMember(body, name)] as const)
    .filter(([, each]) => each !== undefined && each !== null);
  return { ...Object.fromEntries(claims), iss: issuer, sub };
}

const readMember = (body: JsonObject, name: string): unknown =>
  Object.hasOwn(body, name) ? body[name] : undefined;

const invalid = (check: string, problem: string) =>
  new ValidationError('userinfo_invalid', check, `The userinfo response ${problem}.`);
