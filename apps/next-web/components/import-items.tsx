'use client';

import { useActionState } from 'react';
import { importItems } from '../app/import/actions';

/** Works without JavaScript. Items that were not added stay in the field. */
export function ImportItems() {
  const [state, action, pending] = useActionState(importItems, {});
  return (
    <form action={action} className="card labelled narrow">
      <label htmlFor="titles">One item on each line</label>
      <textarea
        aria-describedby="problem"
        defaultValue={state.remaining}
        id="titles"
        key={state.remaining}
        maxLength={4200}
        name="titles"
        required
        rows={6}
      />
      <p aria-live="polite" className={state.error ? 'notice' : 'muted'} id="problem">
        {state.error}
      </p>
      <p className="actions">
        <button className="button" disabled={pending} type="submit">
          {pending ? 'Adding …' : 'Add all'}
        </button>
      </p>
    </form>
  );
}
