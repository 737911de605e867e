/** Replaces `node:http` in a browser, where the test server has no sockets. */
export function createServer(): never {
  throw new Error('A browser cannot start a server');
}
