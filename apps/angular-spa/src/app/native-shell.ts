import { inject, provideEnvironmentInitializer } from '@angular/core';
import { Router } from '@angular/router';
import { injectAuth } from '@countersign/angular';

/** What an app around this one puts into its web view, as plugins of Capacitor do. */
export interface NativeShell {
  /** Opens an address in the system's browser, never in the web view (RFC 8252 section 8.12). */
  open(url: string): void;
  /** An `https` address that the system opens this app with, where the app has claimed one (RFC 8252 section 7.2). */
  readonly claimedUri?: string;
  /** Tells each address that the app was opened with. */
  onOpened(listener: (url: string) => void): void;
}

export const nativeShell = (globalThis as { readonly nativeShell?: NativeShell }).nativeShell;

/** Where the provider sends the user back to. Any app may register a scheme, so a claimed address comes first. */
export const nativeRedirectUri = nativeShell?.claimedUri ?? 'com.example.countersign:/callback';

/** Completes the logins that come back to the app. */
export const completeNativeLogins = (shell: NativeShell) =>
  provideEnvironmentInitializer(() => {
    const auth = injectAuth();
    const router = inject(Router);
    shell.onOpened(async (url) => {
      // The app is opened with other links too; those answer no login.
      if (url.split('?')[0] !== nativeRedirectUri) return;
      // The page of the callback tells what went wrong.
      const { returnTo } = await auth.handleCallback(url).catch(() => ({ returnTo: '/callback' }));
      await router.navigateByUrl(returnTo);
    });
  });
