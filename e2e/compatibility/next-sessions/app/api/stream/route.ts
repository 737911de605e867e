import { connection } from 'next/server';
import { streamToken } from '../../../lib/stream';

/** A handler without wrapper that reads the session only in the stream. */
export async function GET() {
  await connection();
  return streamToken('started');
}
