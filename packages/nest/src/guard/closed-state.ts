import { type ClosedState, KeptBeside } from '../memo/attached-memo.ts';
import type { Transport } from '../transport/transport.ts';

/**
 * Notes when a connection closes. It is called before a token is verified, as nothing says afterwards that the
 * connection has closed meanwhile. A connection gets one listener, however often its token is verified.
 */
export function watchClosed({ carrier, onClosed }: Transport): ClosedState {
  const findings = KeptBeside.of(carrier);
  if (findings.closedState) return findings.closedState;
  const state: ClosedState = { closed: false };
  findings.closedState = state;
  onClosed?.(() => {
    state.closed = true;
  });
  return state;
}
