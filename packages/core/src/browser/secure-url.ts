import type { BrowserAuthOptions } from './options.ts';

/** Codes and tokens travel over https, or over http where that is allowed by name. */
export function isSecure(
  url: unknown,
  options: Pick<BrowserAuthOptions, 'allowInsecureIssuer'>,
): url is string {
  const protocol = typeof url === 'string' && URL.canParse(url) ? new URL(url).protocol : '';
  return protocol === 'https:' || (protocol === 'http:' && options.allowInsecureIssuer === true);
}
