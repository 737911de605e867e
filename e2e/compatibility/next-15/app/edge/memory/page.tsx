import { memoryAuth } from '../../../lib/memory-auth';

export const runtime = 'edge';

/** The edge runtime does not share the memory of the routes that store the sessions. */
export default async function Page() {
  const session = await memoryAuth.getSession();
  return <p data-memory>{session ? 'signed in' : 'signed out'}</p>;
}
