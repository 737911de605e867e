/** Splits the `scope` of a request or a response into its scope tokens (RFC 6749 section 3.3). */
export function parseScopes(scope: string): readonly string[] {
  return scope.match(/\S+/g) ?? [];
}
