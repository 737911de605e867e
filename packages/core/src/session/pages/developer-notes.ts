import { errorExplanations } from '../../errors/error-explanations.ts';
import { AuthError } from '../../errors.ts';
import { isDevelopmentServer } from '../../internal/node-environment.ts';
import { explainAuthError } from './failure-report.ts';

/** What an error page shows to the developer, in English and as plain text. */
export interface DeveloperNotes {
  /** What happened: the message of the log, without text of the provider. */
  readonly message: string;
  /** Why errors with this code occur, as in `docs/errors.md`. */
  readonly cause?: string;
  /** What to do, as in `docs/errors.md`. */
  readonly remedy?: string;
}

/** Creates the notes about an error with `NODE_ENV=development`. In every other environment there are none. */
export function createDeveloperNotes(error: unknown): DeveloperNotes | undefined {
  if (!isDevelopmentServer()) return undefined;
  // Errors of other code may contain anything.
  if (!(error instanceof AuthError)) return { message: 'The log of the server contains the error.' };
  const { cause, remedy } = errorExplanations[error.code] ?? {};
  return { message: explainAuthError(error), ...(cause && { cause }), ...(remedy && { remedy }) };
}
