/** What can be cancelled: a stream, or the reader that holds it. */
interface Cancellable {
  cancel(): Promise<unknown>;
}

/**
 * Cancels a body that is not read to its end, and returns at once.
 *
 * The result of `cancel()` is never awaited: a framework may have cloned the response, and the cancellation of one
 * branch of a cloned stream settles only when the other branch is cancelled or read too. Its failure is of no interest
 * either, since the body is not used.
 *
 * @see Streams Standard, ReadableStreamDefaultTee (the cancel algorithms of both branches)
 */
export function discardBody(body: Cancellable | null | undefined): void {
  try {
    // `Promise.resolve`: a stream of another library may return something else.
    Promise.resolve(body?.cancel()).catch(() => {});
  } catch {
    // A stream of another library may throw, for example because it is locked.
  }
}
