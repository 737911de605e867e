import type { AuthClient } from '../inject-auth.ts';
import type { AllowedApi } from './allow-list.ts';

// Called where `ngDevMode` is on: production builds leave this file out.

let warned = false;

/** Once: no request will ever get a token, which is hardly meant. */
export function warnWithoutAllowList(clients: readonly AuthClient[]): void {
  if (warned || clients.some(({ apis }) => apis() === undefined || apis()?.length)) return;
  warned = true;
  console.error(
    "authInterceptor: no request gets the token. Write provideAuth({ ..., apis: [{ url: 'https://api.example.com' }] }).",
  );
}

/** Says which entries give a token to more than was meant, or over a line that others can read. */
export function warnOfRiskyEntries(apis: readonly AllowedApi[], base: string): void {
  const own = new URL(base);
  apis.forEach((api, index) => {
    const { entry, origin, segments } = api;
    const warn = (why: string) => console.warn(`provideAuth: the entry "${entry.url}" of apis ${why}`);
    const { protocol, hostname } = new URL(origin);
    // RFC 6750 section 5.3.
    if (protocol === 'http:' && !/^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)) {
      warn('sends tokens unencrypted: write https.');
    }
    if (origin === own.origin && segments.length === 0) {
      warn('covers every request to this application itself: name the path of the API.');
    }
    const before = apis.slice(0, index).find((other) => coversAll(other, api));
    if (before) warn(`is never used: "${before.entry.url}" comes before it. Put the narrower one first.`);
  });
}

const coversAll = (one: AllowedApi, other: AllowedApi) =>
  one.origin === other.origin &&
  one.segments.every((segment, index) => segment === other.segments[index]) &&
  (one.methods?.length
    ? (other.methods?.every((method) => one.methods?.includes(method)) ?? false)
    : one.methods === undefined);
