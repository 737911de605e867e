import { inject, provideEnvironmentInitializer } from '@angular/core';
import { Router } from '@angular/router';
import { injectAuth } from '@countersign/angular';

/** The interface that a native app provides to its web view, like a Capacitor plugin. */
export interface NativeShell {
  /** Opens a URL in the system browser, never in the web view (RFC 8252 section 8.12). */
  open(url: string): void;
  /** The `https` URL that the app has claimed, if any (RFC 8252 section 7.2). */
  readonly claimedUri?: string;
  /** Calls the listener with each URL that opens the app. */
  onOpen(listener: (url: string) => void): void;
}

export const nativeShell = (globalThis as { readonly nativeShell?: NativeShell }).nativeShell;

/** The redirect URI. A claimed URL is preferred, because any app can register a custom scheme. */
export const nativeRedirectUri = nativeShell?.claimedUri ?? 'com.example.countersign:/callback';

/** Completes logins whose redirect opens the app. */
export const completeNativeLogins = (shell: NativeShell) =>
  provideEnvironmentInitializer(() => {
    const auth = injectAuth();
    const router = inject(Router);
    shell.onOpen(async (url) => {
      // Other links that open the app are not login responses.
      if (url.split('?')[0] !== nativeRedirectUri) return;
      // The callback page shows the error.
      const { returnTo } = await auth.handleCallback(url).catch(() => ({ returnTo: '/callback' }));
      await router.navigateByUrl(returnTo);
    });
  });
