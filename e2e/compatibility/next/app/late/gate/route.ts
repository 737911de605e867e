import { openGate, takeResult } from '../../../lib/late';

/** Opens a gate, and returns the result of the work behind it. */
export async function POST(request: Request) {
  const kind = await request.text();
  openGate(kind);
  return new Response(takeResult(kind) ?? '');
}
