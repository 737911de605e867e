/** Creates the token worker. Trusted Types require a policy for script URLs; this policy allows only the token worker. */
export function createTokenWorker(): Worker {
  allowTokenWorker();
  return new Worker(new URL('./token.worker', import.meta.url), { type: 'module' });
}

interface TrustedTypePolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string | null }): unknown;
}

function allowTokenWorker(): void {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypePolicyFactory };
  trustedTypes?.createPolicy('default', {
    createScriptURL(url) {
      const { origin, pathname } = new URL(url, document.baseURI);
      return origin === location.origin && /^\/worker-[\w-]+\.js$/.test(pathname) ? url : null;
    },
  });
}
