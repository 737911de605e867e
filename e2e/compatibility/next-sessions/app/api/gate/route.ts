import { openGate } from '../../../lib/gate';

export function POST() {
  openGate();
  return new Response('opened');
}
