import type { Authentication } from './authenticator.ts';

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
  #authentication: Authentication | undefined;

  private constructor(carrier: object, authentication: Authentication | undefined) {
    super(carrier);
    this.#authentication = authentication;
  }

  static get(carrier: object): Authentication | undefined {
    return #authentication in carrier ? carrier.#authentication : undefined;
  }

  static set(carrier: object, authentication: Authentication | undefined): void {
    if (#authentication in carrier) carrier.#authentication = authentication;
    else new KeptBeside(carrier, authentication);
  }
}
