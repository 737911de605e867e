import { connection } from 'next/server';
import { streamOfToken } from '../../../lib/stream';

/** The session is asked for when the stream is read. */
export async function GET() {
  await connection();
  return streamOfToken('read');
}
