/** Limits the error code of a provider to the characters and the length that are safe in a message. */
export const toPrintableErrorCode = (error: string): string => error.replace(/[^\w.:-]/g, '').slice(0, 100);

/**
 * Checks whether an error of the authorization response means that the user or the provider denied the login. LinkedIn reports
 * a cancelled login as `user_cancelled_login` or `user_cancelled_authorize`, and Apple as `user_cancelled_authorize`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
 * @see https://learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow
 * @see https://developer.apple.com/documentation/signinwithapplerestapi/request-an-authorization-to-the-sign-in-with-apple-server
 */
export const isAccessDenied = (error: string): boolean =>
  /^(access_denied|user_cancelled_(login|authorize))$/.test(error);
