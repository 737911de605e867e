import { connection } from 'next/server';
import { auth } from '../../../lib/auth';
import { streamToken } from '../../../lib/stream';

/** A handler without wrapper that gets the token only in the stream. */
export async function GET() {
  await connection();
  // Otherwise the response would not be private, and the stream could not use the session.
  void auth.getSession();
  return streamToken('started');
}
