import { AccessTokenError, AuthError, ValidationError } from '../../errors.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';

/**
 * Runs the application's validation of an access token.
 *
 * @throws ValidationError `access_token_invalid`. Its message and `check` are those of an error of this library, which
 *   contain no token. The text of any other error may contain the token, so only its name is shown.
 */
export async function validateAccessToken(
  client: Client,
  accessToken: string,
  {
    issuer,
    resource,
    sub,
  }: {
    readonly issuer: string;
    readonly resource: string | undefined;
    readonly sub: string | undefined;
  },
): Promise<void> {
  const { clientId } = client;
  try {
    const result = await getClientContext(client).options.validateAccessToken?.(accessToken, {
      issuer,
      clientId,
      ...(resource !== undefined && { resource }),
      ...(sub !== undefined && { sub }),
    });
    if (result !== false) return;
    throw new ValidationError('access_token_invalid', 'access_token', 'The result is false.');
  } catch (error) {
    if (error instanceof AuthError && error.name === 'TransportError') throw error;
    const check =
      error instanceof AccessTokenError || error instanceof ValidationError ? error.check : undefined;
    throw new ValidationError(
      'access_token_invalid',
      check ?? 'access_token',
      `The function validateAccessToken rejected the access token${check === undefined ? '' : ` for "${check}"`}: ${describeRejectionCause(error)}`,
    );
  }
}

function describeRejectionCause(error: unknown): string {
  if (error instanceof AuthError) return error.message;
  return `${error instanceof Error ? error.name : typeof error}.`;
}
