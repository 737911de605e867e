import { openGate } from '../../../lib/late';

/** Opens a gate, and returns the result of the work behind it. */
export async function POST(request: Request) {
  return new Response(await openGate(await request.text()));
}
