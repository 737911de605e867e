import {
  AuthorizationServerError,
  LoginRequiredError,
  type RefreshRejection,
  TransportError,
} from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import { isJsonObject, type JsonObject } from '../../internal/json/json.ts';
import { parseUntrustedJson } from '../../internal/json/untrusted-json.ts';
import { toPrintableErrorCode } from '../error-code.ts';

/** An error response of the token endpoint. */
export interface TokenErrorResponse {
  readonly status: number;
  /** Empty if the response contains no OAuth error. */
  readonly error: string;
  readonly errorDescription?: string | undefined;
  /** The member `suberror` of Microsoft Entra ID. */
  readonly suberror?: string | undefined;
  /** The member `claims` of Microsoft Entra ID: the value of the parameter `claims` that satisfies it. */
  readonly claims?: unknown;
}

/** The refresh request that was rejected, and how the provider differs from the standards. */
export interface RejectedRequest {
  readonly clientId: string;
  /** The address of the token endpoint, for messages. */
  readonly endpoint?: string | undefined;
  readonly resource?: string | undefined;
  readonly scope?: string | undefined;
  /** From a provider preset: recognizes further responses that report an invalid refresh token. */
  readonly isLoginEnded?: ((response: TokenErrorResponse) => boolean) | undefined;
}

/** The value of `prompt` with which a login satisfies the error. */
const interactionErrors: Readonly<Record<string, string | undefined>> = {
  interaction_required: undefined,
  login_required: 'login',
  consent_required: 'consent',
  account_selection_required: 'select_account',
  mfa_required: undefined,
};

/**
 * `suberror` values with which Entra ID marks an `invalid_grant` that an interaction of the user resolves. The refresh
 * token stays valid.
 *
 * @see https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes#handling-error-codes-in-your-application
 */
const interactionSuberrors: Readonly<Record<string, string | undefined>> = {
  basic_action: undefined,
  additional_action: undefined,
  message_only: undefined,
  user_password_expired: undefined,
  interrupted_user: undefined,
  ux_not_allowed: undefined,
  consent_required: 'consent',
};

/** Errors about the client. The last one is GitHub's name for a wrong secret. */
const clientErrors = new Set(['invalid_client', 'unauthorized_client', 'incorrect_client_credentials']);

/** Errors that report a temporary state, although the status is 4xx. */
const temporaryErrors = new Set(['temporarily_unavailable', 'server_error', 'slow_down']);

/**
 * Returns the OAuth error of a token endpoint response. Some providers report an error with status 200.
 *
 * @param body the JSON object or form of the response, if it has one
 * @param challenge the `WWW-Authenticate` header. It is read if the body contains no error.
 * @returns `undefined` if the response is successful
 */
export function findTokenError(
  status: number,
  body: JsonObject | undefined,
  challenge: string | null,
): TokenErrorResponse | undefined {
  const readText = (name: string) => {
    const value = body?.[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const isSuccessful = status >= 200 && status < 300;
  const error = readText('error');
  if (isSuccessful && (error === undefined || readText('access_token') !== undefined)) return undefined;
  return {
    status,
    error: error ?? /\berror="([^"\\]{1,100})"/i.exec(challenge ?? '')?.[1] ?? '',
    errorDescription:
      readText('error_description') ??
      // Twitch: https://dev.twitch.tv/docs/authentication/refresh-tokens/
      readText('message') ??
      /\berror_description="([^"\\]{1,300})"/i.exec(challenge ?? '')?.[1],
    suberror: readText('suberror'),
    claims: body?.claims,
  };
}

/** Classifies an error response to a refresh request. */
export function classifyRefreshRejection(
  response: TokenErrorResponse,
  { resource, scope, isLoginEnded }: Omit<RejectedRequest, 'clientId' | 'endpoint'> = {},
): RefreshRejection {
  const error = response.error.trim().toLowerCase();
  const { status, suberror = '' } = response;
  if (status === 429 || status >= 500 || temporaryErrors.has(error)) return { kind: 'unavailable' };
  if (isLoginEnded?.(response)) return { kind: 'login_ended' };
  // A client secret that was rotated must not log out all users. Keycloak responds with `unauthorized_client` to it.
  if (clientErrors.has(error)) return { kind: 'client_rejected' };
  const isInteraction =
    Object.hasOwn(interactionErrors, error) ||
    (error === 'invalid_grant' && Object.hasOwn(interactionSuberrors, suberror));
  if (isInteraction) {
    const prompt = interactionErrors[error] ?? interactionSuberrors[suberror];
    const claims = toClaims(response.claims);
    return {
      kind: 'interaction_required',
      authorization: {
        ...(prompt !== undefined && { prompt }),
        ...(claims && { claims }),
        ...(resource !== undefined && { resource }),
      },
    };
  }
  // `bad_refresh_token` is the name that GitHub uses, with status 200.
  if (error === 'invalid_grant' || error === 'bad_refresh_token') return { kind: 'login_ended' };
  const isAboutRequest =
    (error === 'invalid_target' && resource !== undefined) ||
    (error === 'invalid_scope' && (resource !== undefined || scope !== undefined));
  return { kind: isAboutRequest ? 'request_rejected' : 'rejected' };
}

/** Reads the `claims` parameter that the provider requires: JSON text or an object. */
function toClaims(claims: unknown): object | undefined {
  if (isJsonObject(claims)) return claims;
  if (typeof claims !== 'string') return undefined;
  try {
    const value = parseUntrustedJson(claims);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Creates the error for an error response to a refresh request: a TransportError if the provider is unavailable. */
export function createRefreshRejection(
  response: TokenErrorResponse,
  request: RejectedRequest,
): AuthorizationServerError | TransportError {
  const rejection = classifyRefreshRejection(response, request);
  const { status } = response;
  if (rejection.kind === 'unavailable') {
    return new TransportError(
      'server_error',
      isDevelopment
        ? `The provider is temporarily unavailable: it rejected the refresh with ${describeResponse(response)}.`
        : '',
      { status },
    );
  }
  const isClientRejected = rejection.kind === 'client_rejected';
  const code = isClientRejected ? 'client_rejected' : 'token_error';
  return new AuthorizationServerError(
    code,
    isDevelopment ? describeRejection(response, { ...request, isClientRejected }) : '',
    { ...response, rejection },
  );
}

function describeRejection(
  response: TokenErrorResponse,
  { clientId, endpoint, isClientRejected }: RejectedRequest & { readonly isClientRejected: boolean },
): string {
  const reason = `${describeResponse(response)}${endpoint === undefined ? '' : ` from POST ${endpoint.split('?')[0]}`}`;
  return isClientRejected
    ? `The provider rejected the client "${clientId}" with ${reason}. Check its registration at the provider, and its secret or key: a client in a browser has none, and must be registered as a public client.`
    : `The provider rejected the refresh with ${reason}. Compare the requested scope and resource with the registration of the client "${clientId}".`;
}

/** Describes an error response with its status. The description of the provider may contain anything, so it is left out. */
export function describeResponse({
  status,
  error,
}: {
  readonly status?: number | undefined;
  readonly error: string;
}) {
  const code = toPrintableErrorCode(error);
  return `${code === '' ? 'no OAuth error' : `the error "${code}"`}${status === undefined ? '' : ` (status ${status})`}`;
}

/**
 * Returns the error that the callers of a refresh receive: a LoginRequiredError if a login helps, otherwise the error
 * itself.
 */
export function toLoginRequiredError(
  error: AuthorizationServerError,
): LoginRequiredError | AuthorizationServerError {
  const { kind, authorization } = findRejection(error);
  const details = { status: error.status, error: error.error };
  const text = isDevelopment ? describeResponse(error) : '';
  if (kind === 'login_ended') {
    return new LoginRequiredError(
      'session_ended',
      isDevelopment ? `The provider rejected the refresh token with ${text}. Log in again.` : '',
      details,
    );
  }
  if (kind === 'interaction_required') {
    return new LoginRequiredError(
      'interaction_required',
      isDevelopment
        ? `The provider requires an interaction with the user: ${text}. Log in with the parameters in "authorization".`
        : '',
      { ...details, authorization },
    );
  }
  if (kind === 'rejected') {
    return new LoginRequiredError(
      'refresh_rejected',
      isDevelopment
        ? `The provider rejected the refresh with ${text}. The session stays until a new login replaces it. Log in again.`
        : '',
      details,
    );
  }
  return error;
}

/** Returns the classification of an error. An error of another implementation has none. */
export const findRejection = (error: AuthorizationServerError): RefreshRejection =>
  error.rejection ?? classifyRefreshRejection({ status: error.status ?? 400, error: error.error });
