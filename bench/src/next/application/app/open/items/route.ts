import { connection } from 'next/server';
import { items } from '../../../lib/items';

export async function GET() {
  await connection();
  return Response.json({ of: 'none', items });
}
