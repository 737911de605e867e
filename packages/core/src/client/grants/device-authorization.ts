import * as oauth from 'oauth4webapi';
import { AuthorizationServerError, TransportError, ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { createRandomToken } from '../../internal/encoding.ts';
import { parseScopes } from '../../protocol/login/scopes.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { supportsPkce } from '../login/pkce-support.ts';
import { findRequestedTokens } from '../login/refresh-token-request.ts';
import { traceOperation } from '../observability.ts';
import { discover } from '../wire/discovery.ts';
import { createRequestOptions, toProtocolClient, toSearchParams } from '../wire/request-options.ts';
import type { TokenResponse } from '../wire/token-response.ts';
import { translateError } from '../wire/translate-error.ts';
import { requestGenericGrant } from './generic-grant.ts';

/** Options of {@link requestDeviceAuthorization}. Defaults are those of the client. */
export interface DeviceAuthorizationRequest {
  /** The requested scope, space-separated. */
  readonly scope?: string;
  /**
   * The resource indicators of the APIs that access tokens are for.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
   */
  readonly resource?: string | readonly string[];
  /** Additional parameters that the provider defines. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/**
 * A login that the user completes on another device. Show `userCode` and `verificationUri` to the user.
 * `deviceCode` and `codeVerifier` are secrets of this client.
 */
export interface DeviceAuthorization {
  readonly deviceCode: string;
  /**
   * The PKCE verifier, which the token request sends. Absent if the metadata lists other PKCE methods than S256 only.
   *
   * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.1
   */
  readonly codeVerifier?: string;
  readonly userCode: string;
  readonly verificationUri: string;
  /** The verification URI with the user code, for a QR code. */
  readonly verificationUriComplete?: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** Minimum seconds between two polls. */
  readonly interval: number;
  /** The requested scopes. */
  readonly scopes: readonly string[];
  /** The requested resource indicator, if any. */
  readonly resource?: string;
}

/** Maximum seconds between two polls. */
const maxInterval = 86_400;

const deviceCodeGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/**
 * Starts a login for a device without a browser. Poll for its result with {@link pollDeviceAuthorization}.
 *
 * @throws ConfigurationError `unsupported_by_provider` if the metadata has no device authorization endpoint
 * @throws AuthorizationServerError `endpoint_error` if the provider rejects the request
 * @throws ValidationError `response_malformed` if the response is invalid
 * @throws TransportError if the provider cannot be reached or is temporarily unavailable
 * @see https://www.rfc-editor.org/rfc/rfc8628#section-3.1
 * @example
 * ```ts
 * import { type Client, pollDeviceAuthorization, requestDeviceAuthorization } from '@countersign/core';
 *
 * async function logIn(client: Client) {
 *   const device = await requestDeviceAuthorization(client);
 *   console.log(`Open ${device.verificationUri} and enter ${device.userCode}.`);
 *   return pollDeviceAuthorization(client, device);
 * }
 * ```
 */
export async function requestDeviceAuthorization(
  client: Client,
  request: DeviceAuthorizationRequest = {},
): Promise<DeviceAuthorization> {
  return traceOperation(client, 'requestDeviceAuthorization', async () => {
    const { authentication, resources, now } = getClientContext(client);
    const resource = request.resource === undefined ? resources : [request.resource].flat();
    const protocolClient = toProtocolClient(client);
    try {
      const metadata = await discover(client);
      const { scope } = findRequestedTokens(client, metadata, request.scope);
      const codeVerifier = supportsPkce(metadata) ? createRandomToken() : undefined;
      const response = await oauth.deviceAuthorizationRequest(
        metadata,
        protocolClient,
        authentication.apply,
        toSearchParams({ ...request.parameters, ...(await createChallenge(codeVerifier)), scope, resource }),
        createRequestOptions(client),
      );
      const body = await oauth.processDeviceAuthorizationResponse(metadata, protocolClient, response);
      const completeUri = body.verification_uri_complete;
      return {
        deviceCode: body.device_code,
        ...(codeVerifier !== undefined && { codeVerifier }),
        userCode: body.user_code,
        verificationUri: requireWebUrl(body.verification_uri),
        ...(completeUri !== undefined && { verificationUriComplete: requireWebUrl(completeUri) }),
        expiresAt: seconds(now) + Math.floor(body.expires_in),
        interval: Math.max(body.interval ?? 5, 1),
        scopes: parseScopes(scope),
        ...(resource[0] !== undefined && { resource: resource[0] }),
      };
    } catch (error) {
      throw translateError(error, { code: 'response_malformed', check: 'device_authorization_response' });
    }
  });
}

/**
 * Creates the PKCE parameters. Some providers require them in this flow too. The others ignore them, because servers
 * ignore unknown parameters (RFC 8628 section 3.1).
 *
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.2
 */
async function createChallenge(codeVerifier: string | undefined): Promise<Record<string, string>> {
  if (codeVerifier === undefined) return {};
  const challenge = await oauth.calculatePKCECodeChallenge(codeVerifier);
  return { code_challenge: challenge, code_challenge_method: 'S256' };
}

/** The application opens the URL or shows it, so a `javascript:` URL is rejected. */
function requireWebUrl(value: string): string {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw new ValidationError(
    'response_malformed',
    'verification_uri',
    'Device authorization response "verification_uri" is not an http or https URL.',
  );
}

/** Options of {@link pollDeviceAuthorization}. */
export interface DevicePollOptions {
  /** Stops the polling. Default: none. */
  readonly signal?: AbortSignal;
  /** Waits for the given milliseconds. Replace it in tests. Default: a timer. */
  readonly wait?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * Polls until the user has completed the login on the other device. Continues after network errors, with a longer
 * interval. A `slow_down` error also lengthens the interval.
 *
 * @param device the result of {@link requestDeviceAuthorization}
 * @throws AuthorizationServerError `token_error`: `access_denied` if the user denied the login, `expired_token` if the
 *   user did not respond in time
 * @throws ValidationError if the token response is invalid
 * @throws the reason of `signal`, if it is aborted
 * @see https://www.rfc-editor.org/rfc/rfc8628#section-3.4
 * @see https://www.rfc-editor.org/rfc/rfc8628#section-3.5
 * @example
 * ```ts
 * import { type Client, type DeviceAuthorization, pollDeviceAuthorization } from '@countersign/core';
 *
 * function waitForLogin(client: Client, device: DeviceAuthorization) {
 *   return pollDeviceAuthorization(client, device, { signal: AbortSignal.timeout(120_000) });
 * }
 * ```
 */
export async function pollDeviceAuthorization(
  client: Client,
  device: DeviceAuthorization,
  options: DevicePollOptions = {},
): Promise<TokenResponse> {
  return traceOperation(client, 'pollDeviceAuthorization', async () => {
    const { now } = getClientContext(client);
    const { signal, wait = sleep } = options;
    let { interval } = device;
    while (seconds(now) < device.expiresAt) {
      // A timer of more than 24 days fires at once. A larger interval of the provider would cause polls without a pause.
      await wait(Math.min(interval, device.expiresAt - seconds(now), maxInterval) * 1000, signal);
      signal?.throwIfAborted();
      try {
        const { tokens } = await requestGenericGrant(client, {
          grantType: deviceCodeGrant,
          // Without it, a provider may issue a token for another resource (RFC 8707 section 2.2).
          parameters: toSearchParams({
            device_code: device.deviceCode,
            code_verifier: device.codeVerifier,
            resource: device.resource,
          }),
          scope: device.scopes.join(' '),
          resource: device.resource,
        });
        return tokens;
      } catch (error) {
        const serverError = error instanceof AuthorizationServerError ? error.error : undefined;
        if (serverError === 'slow_down') interval += 5;
        // Exponential backoff while the provider cannot be reached (section 3.5).
        else if (error instanceof TransportError) interval = Math.max(interval * 2, error.retryAfter ?? 0);
        else if (serverError !== 'authorization_pending') throw error;
      }
    }
    throw new AuthorizationServerError('token_error', 'The user did not complete the login in time.', {
      error: 'expired_token',
    });
  });
}

function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, milliseconds);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
  });
}
