import { ConfigurationError } from '../errors.ts';

// One copy of this package cannot use the objects of another: the state of a client or a verifier is private to the
// module that created it. All copies share the mark, so that each recognizes the objects of the others.

/** Marks an object of this package. The property is not enumerable. */
export const markObject = <T extends object>(kind: 'client' | 'verifier', object: T, copy: object): T =>
  Object.defineProperty(object, Symbol.for(`countersign.${kind}`), { value: copy });

/** Finds out whether a copy of this package created the value. */
export const isMarked = (kind: 'client' | 'verifier', value: unknown): boolean =>
  typeof value === 'object' && value !== null && Symbol.for(`countersign.${kind}`) in value;

export const createDuplicateError = (object: string): ConfigurationError =>
  new ConfigurationError(
    'duplicate_package',
    `${object} was created by another copy of @countersign/core. Install one copy: list them with "npm ls @countersign/core" (or "pnpm why -r"), and give all @countersign packages the same version.`,
  );
