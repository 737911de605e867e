import type { Metadata } from 'next';
import { auth } from '../../lib/auth';
import { importItems } from './actions';

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
      <form action={importItems} className="card labelled narrow">
        <label htmlFor="titles">One item on each line</label>
        <textarea id="titles" maxLength={2000} name="titles" required rows={6} />
        <p className="actions">
          <button className="button" type="submit">
            Add all
          </button>
        </p>
      </form>
    </>
  );
}
