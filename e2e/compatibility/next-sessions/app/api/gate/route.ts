import { countWaiting, openGate } from '../../../lib/gate';

/** Responds with the count of those who wait. */
export function PUT() {
  return new Response(String(countWaiting()));
}

export function POST() {
  openGate();
  return new Response('opened');
}
