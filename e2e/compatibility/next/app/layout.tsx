import { AuthProvider, LoginButton, LogoutButton, SignedIn, SignedOut } from '@countersign/next/client';
import { type ReactNode, Suspense } from 'react';
import { auth } from '../lib/auth';

interface Props {
  readonly children: ReactNode;
}

export default function RootLayout({ children }: Props) {
  return (
    <html lang="en">
      <body>
        <Suspense>
          <WithSession>{children}</WithSession>
        </Suspense>
      </body>
    </html>
  );
}

async function WithSession({ children }: Props) {
  return (
    <AuthProvider routes="/shop/auth" session={(await auth.getSession()) ?? null}>
      <SignedIn>
        <LogoutButton />
      </SignedIn>
      <SignedOut>
        <LoginButton />
      </SignedOut>
      {children}
    </AuthProvider>
  );
}
