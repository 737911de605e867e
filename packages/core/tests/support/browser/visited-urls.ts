/** Returns the only URL of an authorization request among the URLs to which a page navigated. */
export function getOnlyLogin(urls: readonly string[]): string {
  const logins = urls.filter((url) => {
    const { searchParams } = new URL(url);
    // A pushed request has only `request_uri` (RFC 9126 section 4).
    return searchParams.has('code_challenge') || searchParams.has('request_uri');
  });
  const [login] = logins;
  if (login === undefined || logins.length > 1)
    throw new Error(`expected one authorization request, found ${logins.length}`);
  return login;
}
