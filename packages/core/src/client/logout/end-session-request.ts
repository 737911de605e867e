/** Options of `createEndSessionUrl()`. */
export interface EndSessionRequest {
  /** The ID token of the login that ends. */
  readonly idTokenHint?: string | undefined;
  /** Where the provider redirects the user after logout. It must be registered. */
  readonly postLogoutRedirectUri?: string | undefined;
  /** Returned with the redirect. Compare it with the stored value. */
  readonly state?: string | undefined;
  /** Identifies the user who logs out, for example by e-mail address. */
  readonly logoutHint?: string | undefined;
  /** Languages for the provider's pages (BCP 47), in order of preference. */
  readonly uiLocales?: readonly string[] | undefined;
  /** Additional parameters that the provider defines. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}
