import { Suspense } from 'react';
import { ignoreSession, readOnly, rename, renameAndRedirect, renameBesideCookies } from './actions';

const actions = { rename, renameAndRedirect, renameBesideCookies, readOnly, ignoreSession };

export default function Page() {
  return (
    <Suspense>
      {Object.entries(actions).map(([name, action]) => (
        <form key={name} id={name} action={action} />
      ))}
    </Suspense>
  );
}
