import * as oauth from 'oauth4webapi';
import { AuthorizationServerError, TransportError, ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { parseScopes } from '../../protocol/scopes.ts';
import { createRequestOptions, getClientContext, toProtocolClient } from '../client-context.ts';
import type { Client } from '../create-client.ts';
import { requestGrant, toSearchParams } from '../token-endpoint.ts';
import { traceOperation } from '../tracing/trace-operations.ts';
import { discover } from '../wire/discovery.ts';
import type { TokenResponse } from '../wire/token-response.ts';
import { translateError } from '../wire/translate-error.ts';

/** What a login at another device asks for; everything has a default from the client. */
export interface DeviceAuthorizationRequest {
  /** Space-separated. */
  readonly scope?: string;
  /** The APIs that access tokens are for (RFC 8707). */
  readonly resource?: string | readonly string[];
  /** Further parameters of the provider's own. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A login that goes on at another device. Show `userCode` and `verificationUri`; keep `deviceCode` to yourself. */
export interface DeviceAuthorization {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  /** With the user code inside, for a QR code. */
  readonly verificationUriComplete?: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** Seconds between two polls, at least. */
  readonly interval: number;
  /** The requested scopes, reported when the token response has no `scope`. */
  readonly scopes: readonly string[];
  readonly resource?: string;
}

/** Seconds between two polls, at most. */
const maxPause = 86_400;

const deviceCodeGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/**
 * Starts a login on a device without a browser.
 *
 * @throws ConfigurationError `unsupported_by_provider` when there is no such endpoint
 * @throws AuthorizationServerError, ValidationError, TransportError
 * @see RFC 8628 section 3.1
 */
export async function requestDeviceAuthorization(
  client: Client,
  request: DeviceAuthorizationRequest = {},
): Promise<DeviceAuthorization> {
  return traceOperation(client, 'requestDeviceAuthorization', async () => {
    const { authentication, scope: defaultScope, resources, now } = getClientContext(client);
    const scope = request.scope ?? defaultScope;
    const resource = request.resource === undefined ? resources : [request.resource].flat();
    const wire = toProtocolClient(client);
    try {
      const response = await oauth.deviceAuthorizationRequest(
        await discover(client),
        wire,
        authentication.apply,
        toSearchParams({ ...request.parameters, scope, resource }),
        createRequestOptions(client),
      );
      const body = await oauth.processDeviceAuthorizationResponse(await discover(client), wire, response);
      const complete = body.verification_uri_complete;
      return {
        deviceCode: body.device_code,
        userCode: body.user_code,
        verificationUri: webAddress(body.verification_uri),
        ...(complete !== undefined && { verificationUriComplete: webAddress(complete) }),
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

/** The user is sent there, so it must be an address of the web and no script. */
function webAddress(value: string): string {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw new ValidationError(
    'response_malformed',
    'verification_uri',
    'verification_uri is not a web address.',
  );
}

/** How long, and how, {@link pollDeviceAuthorization} waits. */
export interface DevicePollOptions {
  /** Ends the wait, when the user has gone away. */
  readonly signal?: AbortSignal;
  /** Waits for some milliseconds. A seam for tests. */
  readonly wait?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * Waits until the user has answered at the other device, and gives the tokens.
 * Network failures are waited out; `slow_down` is obeyed.
 *
 * @throws AuthorizationServerError `token_error`: `access_denied` when the user refused, `expired_token` when nobody answered
 * @throws whatever `signal` is aborted with
 * @see RFC 8628 section 3.5
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
      // Beyond 24 days a timer rings at once: a provider that names such a pause would be asked without any.
      await wait(Math.min(interval, device.expiresAt - seconds(now), maxPause) * 1000, signal);
      signal?.throwIfAborted();
      try {
        const { tokens } = await requestGrant(client, {
          grantType: deviceCodeGrant,
          parameters: toSearchParams({ device_code: device.deviceCode }),
          scope: device.scopes.join(' '),
          resource: device.resource,
        });
        return tokens;
      } catch (error) {
        const refusal = error instanceof AuthorizationServerError ? error.error : undefined;
        if (refusal === 'slow_down') interval += 5;
        // Back off while the provider cannot be reached (section 3.5).
        else if (error instanceof TransportError) interval = Math.max(interval * 2, error.retryAfter ?? 0);
        else if (refusal !== 'authorization_pending') throw error;
      }
    }
    throw new AuthorizationServerError('token_error', 'The user did not answer in time.', {
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
