import { getErrorCode, ValidationError } from '../errors.ts';
import type { Client } from './client.ts';
import { reportProblem } from './observability.ts';

/** Reports an ID token that was not stored. Otherwise outdated claims would have no visible reason. */
export function reportIgnoredIdToken(client: Client, error: Error): void {
  const { issuer, clientId } = client;
  const code = getErrorCode(error);
  const check = error instanceof ValidationError ? error.check : undefined;
  reportProblem(
    client,
    { type: 'id_token.ignored', issuer, clientId, code, ...(check !== undefined && { check }) },
    `The ID token of a refresh of client "${clientId}" was ignored (${check ?? code}): ${error.message} The previous ID token stays.`,
  );
}
