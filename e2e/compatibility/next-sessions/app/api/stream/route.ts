import { connection } from 'next/server';
import { streamOfToken } from '../../../lib/stream';

/** Not wrapped: the session is asked for in the stream, and nowhere before. */
export async function GET() {
  await connection();
  return streamOfToken('started');
}
