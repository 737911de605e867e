import type { AccessRequirements, AuthenticatedRequest } from '@countersign/core/resource-server';
import type { TokenExpiry } from '../expiry/end-with-token.ts';

/** The result that one authenticator has for a request or connection. */
export interface Verification {
  /** An authenticator uses its own results only. */
  readonly authenticator: object;
  /** Settles with the result; `undefined` for an anonymous request. */
  pending: Promise<AuthenticatedRequest | undefined> | undefined;
  /** The result, once it is available. */
  authenticatedRequest: AuthenticatedRequest | undefined;
  /** The end of the connection. `undefined` for a request, and before the token of a connection was verified. */
  expiry: TokenExpiry | undefined;
  /** Settles when the last renewal of the token is complete. Never rejects. */
  renewal: Promise<unknown> | undefined;
  /** The result of another authenticator for the same object. */
  next: Verification | undefined;
}

/** The decision of the last guard of one handler. */
export interface Decision {
  readonly handler: object;
  readonly owner: object;
  authenticator: object;
  authenticatedRequest: AuthenticatedRequest | undefined;
  /** The first argument of the handler. It distinguishes messages that share a context. */
  message: unknown;
  /** True if messages of different users share the object. */
  isShared: boolean;
  readonly next: Decision | undefined;
}

/** The last message that a guard denied after it had verified the token. */
export interface Denial extends Pick<Decision, 'message' | 'isShared'> {
  readonly authenticatedRequest: AuthenticatedRequest;
}

/** The state of a connection. It exists for as long as the connection, unlike a verification that has failed. */
export interface ConnectionState {
  /** The connection has closed. */
  isClosed: boolean;
  /** This package has closed the connection. Its client can still send messages until it confirms the close. */
  isEnded: boolean;
  /** The requirements of the connection. Each of its tokens must meet all of its authenticator. */
  readonly requirements: ConnectionRequirements[];
  /** The running subscriptions with requirements. A token that does not meet them cannot replace theirs. */
  subscriptions: RunningSubscription[];
  /** The connection has had more running subscriptions than the list can contain. */
  hasUnlistedSubscriptions: boolean;
  /** The messages that wait for the token of the connection. An operation of GraphQL is one, with a count of fields. */
  readonly waitingMessages: Map<object, number>;
  /** Settles when the connection has been accepted or closed. Never rejects. `undefined` if nothing is pending. */
  admission: Promise<unknown> | undefined;
}

/** A subscription that continues until its connection ends. */
export interface RunningSubscription {
  readonly authenticator: object;
  readonly isRunning: () => boolean;
  /** Rejects if the guard of the subscription would reject the token. */
  readonly check: (authenticatedRequest: AuthenticatedRequest) => Promise<void>;
}

/** What one call requires of a connection. */
export interface ConnectionRequirements {
  /** The verifier of this authenticator checks the requirements. */
  readonly authenticator: object;
  readonly requirements: AccessRequirements;
}

/** The records for one object: a request, a connection, a message or a field of an operation. */
export interface Memo {
  verifications: Verification | undefined;
  decisions: Decision | undefined;
  /** Set for a message of a microservice, which has no verification that lasts. */
  denial: Denial | undefined;
  /** Set for a connection before its token is verified. */
  connectionState: ConnectionState | undefined;
}

/** Returns its argument, so that the subclass adds its private field to that object. */
function returnArgument(object: object): object {
  return object;
}

const ReturnArgument = returnArgument as unknown as new (object: object) => object;

/**
 * Stores a memo in a private field of the object that it belongs to. Printing, copying or listing the object does not
 * reveal it. A `WeakMap` has the same effect at ten times the cost, which exceeds the cost of the rest of the guard.
 */
export class AttachedMemo extends ReturnArgument {
  readonly #memo: Memo;

  private constructor(object: object, memo: Memo) {
    super(object);
    this.#memo = memo;
  }

  static find(object: object): Memo | undefined {
    return #memo in object ? object.#memo : undefined;
  }

  /** Gets the memo of an object. Attaches an empty one if the object has none. */
  static get(object: object): Memo {
    if (#memo in object) return object.#memo;
    const memo: Memo = {
      verifications: undefined,
      decisions: undefined,
      denial: undefined,
      connectionState: undefined,
    };
    new AttachedMemo(object, memo);
    return memo;
  }
}
