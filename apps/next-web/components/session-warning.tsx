'use client';

import { AuthProvider, type ClientSession, SessionExpiry } from '@countersign/next/client';

/** Warns before an unused session expires. After the expiry, the page no longer shows the user's data. */
export function SessionWarning({ session }: { readonly session: ClientSession }) {
  return (
    <AuthProvider session={session}>
      <SessionExpiry
        buttonClassName="button"
        className="session-expiry"
        onExpire={hideContent}
        warnBefore={120}
      />
    </AuthProvider>
  );
}

function hideContent(): void {
  document.getElementById('main')?.setAttribute('hidden', '');
}
