import type { Metadata } from 'next';
import { ImportItems } from '../../components/import-items';
import { auth } from '../../lib/auth';

export const metadata: Metadata = { title: 'Add several items' };

// Rendered whole, without a shell that is filled in by a script: the page works without JavaScript.
export const instant = false;

export default async function ImportPage() {
  // Who may only read is told so here, and not after having typed everything.
  await auth.requireScopes('items:write');
  return (
    <>
      <h1>Add several items</h1>
      <p className="lead">Only who may write sees this page. The action behind it asks once more.</p>
      <ImportItems />
    </>
  );
}
