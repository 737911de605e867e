import { AuthorizationServerError, toPrintableText, ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { isDevelopment } from '../../internal/development.ts';
import { isAccessDenied, toPrintableErrorCode } from '../../protocol/error-code.ts';
import {
  checkTransaction,
  rejectRepeatedParameters,
} from '../../protocol/login/authorization-transaction.ts';
import { isIssuer } from '../../protocol/tokens/token-issuer.ts';
import type { BrowserContext } from '../options.ts';
import { fetchMetadata } from '../wire/metadata.ts';
import type { BrowserTransaction } from './browser-transaction.ts';

/**
 * Validates an authorization response. The caller has deleted the transaction before, so that it is used once.
 *
 * @returns the authorization code, and the issuer that the ID token must have
 * @throws ValidationError `transaction_invalid` or `authorization_response_invalid`
 * @throws AuthorizationServerError `authorization_error` if the provider returned an error
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
 * @see https://www.rfc-editor.org/rfc/rfc9207#section-2.4
 */
export async function validateAuthorizationResponse(
  context: BrowserContext,
  receivedParameters: URLSearchParams,
  transaction: BrowserTransaction | undefined,
): Promise<{ code: string; transaction: BrowserTransaction; responseIssuer: string | undefined }> {
  const { issuer, clientId, now } = context;
  // Without a transaction of this state the response is forged, replayed or of another tab (RFC 6749 section 10.12).
  if (!transaction || transaction.state !== receivedParameters.get('state')) {
    throw new ValidationError(
      'transaction_invalid',
      'state',
      isDevelopment
        ? 'The parameter "state" of the login response is not the one of a login that this tab started and has not completed. Start the login again, on the origin of redirectUri; do not open a login response twice.'
        : '',
    );
  }
  checkTransaction(transaction, { issuer, clientId, time: seconds(now) });
  rejectRepeatedParameters(receivedParameters);
  // Only a code was requested (RFC 9700 section 2.1.2).
  if (
    receivedParameters.has('response') ||
    receivedParameters.has('access_token') ||
    receivedParameters.has('id_token')
  ) {
    throw createError(
      'response_mode',
      isDevelopment ? 'has another response mode or type than the request' : '',
    );
  }
  // Before the code is sent, to prevent a mix-up attack (RFC 9207 section 2.4).
  const iss = receivedParameters.get('iss');
  const { authorization_response_iss_parameter_supported: isIssRequired } = await fetchMetadata(context);
  if (iss === null ? isIssRequired === true : !isIssuer(context, iss)) {
    throw createError(
      'iss',
      isDevelopment ? `has ${iss === null ? 'no "iss"' : 'another "iss"'}, expected "${issuer}"` : '',
    );
  }
  const error = receivedParameters.get('error');
  if (error !== null) {
    const description = receivedParameters.get('error_description') ?? undefined;
    throw new AuthorizationServerError(
      'authorization_error',
      isDevelopment ? describeError({ error, description, scope: transaction.scope, clientId }) : '',
      { error, errorDescription: description },
    );
  }
  const code = receivedParameters.get('code');
  if (!code) throw createError('code', isDevelopment ? 'has no code' : '');
  return { code, transaction, responseIssuer: iss ?? undefined };
}

const createError = (check: string, problem: string) =>
  new ValidationError(
    'authorization_response_invalid',
    check,
    isDevelopment ? `The authorization response ${problem}.` : '',
  );

/** What to do about an error of the provider (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6). */
function findLoginRemedy(error: string, scope: string, clientId: string): string {
  if (isAccessDenied(error)) return 'The user or the provider denied access. Offer the login again.';
  if (error === 'invalid_scope')
    return `The login requested the scope "${scope}". Allow it for the client "${clientId}" at the provider, or do not request it.`;
  if (error === 'unauthorized_client' || error === 'unsupported_response_type')
    return `Allow the authorization code flow for the client "${clientId}" at the provider.`;
  if (/^(login|consent|interaction|account_selection)_required$/.test(error))
    return 'The provider requires user interaction. Log in without prompt=none.';
  if (error === 'server_error' || error === 'temporarily_unavailable')
    return 'The provider is temporarily unavailable. Try again later.';
  return `Compare the registration of the client "${clientId}" at the provider with the options.`;
}

function describeError({
  error,
  description,
  scope,
  clientId,
}: {
  readonly error: string;
  readonly description: string | undefined;
  readonly scope: string;
  readonly clientId: string;
}): string {
  const reason = description === undefined ? '' : ` (${toPrintableText(description, 300)})`;
  return `The provider rejected the login: ${toPrintableErrorCode(error)}${reason}. ${findLoginRemedy(error, scope, clientId)}`;
}
