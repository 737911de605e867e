import { connection } from 'next/server';
import { streamToken } from '../../../lib/stream';

/** Reads the session when the stream is read. */
export async function GET() {
  await connection();
  return streamToken('read');
}
