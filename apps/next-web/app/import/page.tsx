import type { Metadata } from 'next';
import { ImportItems } from '../../components/import-items';
import { auth } from '../../lib/auth';

export const metadata: Metadata = { title: 'Add several items' };

// Disables the static shell, because a script completes it. The page then works without JavaScript.
export const instant = false;

export default async function ImportPage() {
  // A user without write access sees the rejection before filling in the form.
  await auth.requireScopes('items:write');
  return (
    <>
      <h1>Add several items</h1>
      <p className="lead">
        Only users with write access see this page. Its action checks the permission again.
      </p>
      <ImportItems />
    </>
  );
}
