import { AuthProvider } from '@countersign/next/client';
import { BrowserSession } from './browser-session';

/** The session as the browser knows it. The browser fetches it. */
export default function Page() {
  return (
    <AuthProvider>
      <BrowserSession />
    </AuthProvider>
  );
}
