import { connection } from 'next/server';
import { streamToken } from '../../../lib/stream';

/** A handler without wrapper that uses the session for the first time in the stream. */
export async function GET() {
  await connection();
  return streamToken('started');
}
