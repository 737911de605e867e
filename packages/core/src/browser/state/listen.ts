/**
 * Calls a listener for several events of the window. Outside a page there are none.
 *
 * @returns a function that removes the listener
 */
export function listen(
  names: readonly string[],
  listener: () => void,
  options: AddEventListenerOptions = {},
): () => void {
  const control = new AbortController();
  for (const name of names)
    globalThis.addEventListener?.(name, listener, { ...options, signal: control.signal });
  return () => control.abort();
}
