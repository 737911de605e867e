import { addUserinfo } from '@countersign/core/browser';
import type { AuthFeature } from './auth-config.ts';

/**
 * Adds the claims of the userinfo endpoint to `auth.claims()` and `auth.user()`, for providers whose ID tokens contain only
 * `sub`. They are fetched once after each login; until then, and if the request fails, the claims are those of the ID token.
 * A claim of the ID token is never replaced. A failure is the event `userinfo.failed`.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfo
 * @example
 * ```ts
 * import { provideAuth, withUserInfo } from '@countersign/angular';
 *
 * const providers = [
 *   provideAuth({ issuer: 'https://login.example.com', clientId: 'my-app' }, withUserInfo()),
 * ];
 * ```
 */
export function withUserInfo(): AuthFeature {
  return { connect: addUserinfo };
}
