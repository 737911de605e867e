import type { AuthenticatedRequest } from '@countersign/core/resource-server';

/** What one authenticator knows of a request or connection. */
export interface Result {
  /** Whose result this is: an authenticator never uses the result of another. */
  readonly authenticator: object;
  /** Settles with the result; `undefined` for an anonymous request. */
  pending: Promise<AuthenticatedRequest | undefined> | undefined;
  /** The result, once it is known. */
  authenticated: AuthenticatedRequest | undefined;
  /** The result of another authenticator for the same object. */
  next: Result | undefined;
}

/** What the last guard of one handler decided. */
export interface Decision {
  readonly handler: object;
  readonly owner: object;
  authenticator: object;
  authenticated: AuthenticatedRequest | undefined;
  /** The first argument of the handler, which distinguishes messages that share a context. */
  message: unknown;
  /** True when messages of different users share the object. */
  shared: boolean;
  readonly next: Decision | undefined;
}

/** Whether a connection has closed. */
export interface ClosedState {
  closed: boolean;
}

/** What is known of one object: a request, a connection, a message or a field of an operation. */
export interface Findings {
  results: Result | undefined;
  decisions: Decision | undefined;
  /** Of a connection, once its token is verified. */
  closedState: ClosedState | undefined;
}

/** Returns its argument, so that a subclass adds its private field to that object. */
function given(object: object): object {
  return object;
}

const Given = given as unknown as new (object: object) => object;

/**
 * Keeps findings in a private field of the object that they are about: nothing that prints, copies or lists the object
 * shows a token. A `WeakMap` does the same at ten times the cost, which is more than the rest of the guard.
 */
export class KeptBeside extends Given {
  readonly #findings: Findings;

  private constructor(carrier: object, findings: Findings) {
    super(carrier);
    this.#findings = findings;
  }

  static get(carrier: object): Findings | undefined {
    return #findings in carrier ? carrier.#findings : undefined;
  }

  /** The findings of an object; adds empty ones where there are none. */
  static of(carrier: object): Findings {
    if (#findings in carrier) return carrier.#findings;
    const findings: Findings = { results: undefined, decisions: undefined, closedState: undefined };
    new KeptBeside(carrier, findings);
    return findings;
  }
}
