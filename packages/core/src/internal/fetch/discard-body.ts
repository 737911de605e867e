/** A stream, or the reader that holds its lock. */
interface Cancellable {
  cancel(): Promise<unknown>;
}

/**
 * Cancels a body that is not read completely. Does not wait for the result.
 *
 * A framework may have cloned the response. The cancellation of one branch of a cloned stream settles only after the
 * other branch was cancelled or read. An error of the cancellation is ignored, because the body is not used.
 *
 * @see https://streams.spec.whatwg.org/#abstract-opdef-readablestreamdefaulttee
 */
export function discardBody(body: Cancellable | null | undefined): void {
  try {
    // The stream of another library may return a value that is not a promise.
    Promise.resolve(body?.cancel()).catch(() => {});
  } catch {
    // The stream may throw, for example because it is locked.
  }
}
