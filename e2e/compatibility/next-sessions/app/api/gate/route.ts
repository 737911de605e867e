import { openGate } from '../../../lib/gate';

export function POST() {
  openGate('stream');
  return new Response('opened');
}
