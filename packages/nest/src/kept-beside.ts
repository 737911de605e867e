import type { AuthenticatedRequest } from '@countersign/core/api';

/** What is known of who is asking, or what will say so. */
export type Kept = AuthenticatedRequest | Promise<AuthenticatedRequest | undefined>;

/** Gives back its argument, so that what extends it puts its private field on that. */
function given(object: object): object {
  return object;
}

const Given = given as unknown as new (object: object) => object;

/**
 * What was verified for a request or connection, kept in a private field of the object that stands for it: nothing
 * that prints, copies or lists the object shows a token. A `WeakMap` does the same at ten times the cost, which is
 * more than the whole rest of the guard.
 */
export class KeptBeside extends Given {
  #kept: Kept | undefined;

  private constructor(carrier: object, kept: Kept | undefined) {
    super(carrier);
    this.#kept = kept;
  }

  static get(carrier: object): Kept | undefined {
    return #kept in carrier ? carrier.#kept : undefined;
  }

  /** As `set`, where nothing is kept yet. @throws TypeError when something is */
  static add(carrier: object, kept: Kept): void {
    new KeptBeside(carrier, kept);
  }

  static set(carrier: object, kept: Kept | undefined): void {
    if (#kept in carrier) carrier.#kept = kept;
    else new KeptBeside(carrier, kept);
  }
}
