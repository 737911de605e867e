import { AuthProvider, LoginButton, LogoutButton, SignedIn, SignedOut } from '@countersign/next/client';
import type { ReactNode } from 'react';
import { auth } from '../lib/auth';

export default async function RootLayout({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <AuthProvider session={(await auth.getSession()) ?? null}>
          <SignedIn>
            <LogoutButton />
          </SignedIn>
          <SignedOut>
            <LoginButton />
          </SignedOut>
          {children}
        </AuthProvider>
      </body>
    </html>
  );
}
