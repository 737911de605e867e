/** The WebSocket close code for a token that is missing or no longer valid. 4000 to 4999 are for applications. */
export const closeUnauthenticated = 4401;
/** The close code for a valid token that does not allow the operation. */
export const closeForbidden = 4403;
/** "Try again later". @see https://www.iana.org/assignments/websocket */
export const closeTryAgainLater = 1013;
/** The client has sent more than the server accepts. @see https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 */
export const closePolicyViolation = 1008;
