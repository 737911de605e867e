import { closeListeners } from '../module-state.ts';
import type { Emitter } from './transport.ts';

/**
 * Calls a function when a connection closes. A connection has one listener for any count of functions: Node warns of
 * more than ten.
 *
 * @param event the event of the close, which is the same in each call for a connection
 * @returns a function that removes it
 */
export function addCloseListener(
  emitter: Emitter | undefined,
  listener: () => void,
  event: 'close' | 'disconnect' = 'close',
): () => void {
  if (!emitter?.once) return () => {};
  const { listeners, stop } = closeListeners.get(emitter) ?? watchClose(emitter, event);
  listeners.add(listener);
  return () => {
    if (listeners.delete(listener) && listeners.size === 0) stop();
  };
}

/** Calls the functions of a connection that will emit no event. */
export function callCloseListeners(emitter: Emitter): void {
  closeListeners.get(emitter)?.callAll();
}

function watchClose(emitter: Emitter, event: string) {
  const listeners = new Set<() => void>();
  const callAll = () => {
    stop();
    for (const each of listeners) each();
    listeners.clear();
  };
  const stop = () => {
    emitter.off?.(event, callAll);
    closeListeners.delete(emitter);
  };
  const watchedClient = { listeners, callAll, stop };
  closeListeners.set(emitter, watchedClient);
  emitter.once?.(event, callAll);
  return watchedClient;
}
