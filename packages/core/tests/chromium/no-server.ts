/** Stands for `node:http` where the suites run in a browser: there the test server answers without sockets alone. */
export function createServer(): never {
  throw new Error('a browser cannot listen');
}
