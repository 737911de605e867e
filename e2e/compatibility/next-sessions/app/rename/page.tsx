import { Suspense } from 'react';
import {
  ignoreSession,
  onlyRedirect,
  readOnly,
  readSub,
  rename,
  renameAndRedirect,
  renameBesideCookies,
} from './actions';

const actions = {
  rename,
  renameAndRedirect,
  renameBesideCookies,
  readOnly,
  ignoreSession,
  // A form ignores the result.
  readSub: readSub as unknown as () => Promise<void>,
  onlyRedirect,
};

export default function Page() {
  return (
    <Suspense>
      {Object.entries(actions).map(([name, action]) => (
        <form key={name} id={name} action={action} />
      ))}
    </Suspense>
  );
}
