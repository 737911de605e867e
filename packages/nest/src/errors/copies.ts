import { type AccessTokenVerifier, AuthenticatedRequest } from '@countersign/core/resource-server';
import { Logger } from '@nestjs/common';

const logger = new Logger('AuthModule');

/** On a verifier of core: the class of its results, which differs between copies. A verifier of the application has none. */
const resultClass = Symbol.for('countersign.verifier');

/**
 * Warns about a verifier of another copy of core. Its results are accepted, but if the versions differ, types and claims
 * of the two copies differ too.
 */
export function warnAboutCopies(verifier: AccessTokenVerifier): void {
  const ResultClass = (verifier as { readonly [resultClass]?: unknown })[resultClass];
  if (ResultClass === undefined || ResultClass === AuthenticatedRequest) return;
  logger.warn(
    'Two copies of @countersign/core are installed: the verifier of AuthModule.forRoot() is of another copy than the one that @countersign/nest uses. Install one copy: list them with "npm ls @countersign/core" (or "pnpm why -r"), and give all @countersign packages the same version.',
  );
}
