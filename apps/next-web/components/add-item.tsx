'use client';

import { useActionState } from 'react';
import { addItem } from '../app/dashboard/actions';

/** A form, which works without JavaScript. */
export function AddItem() {
  const [state, action, pending] = useActionState(addItem, {});
  return (
    <form action={action} className="labelled">
      <label htmlFor="title">New item</label>
      <div className="field">
        <input autoComplete="off" id="title" key={state.added} maxLength={200} name="title" required />
        <button className="button" disabled={pending} type="submit">
          {pending ? 'Adding …' : 'Add'}
        </button>
      </div>
      <p aria-live="polite" className={state.error ? 'notice' : 'muted'}>
        {state.error ?? (state.added && 'Added.')}
      </p>
    </form>
  );
}
