// What only adapters of frameworks call. Applications import `./session` and their adapter.

export { addAmbiguousCookies, findAmbiguousCookies } from './cookies/ambiguous-cookies.ts';
export { requireCoveredPage } from './cookies/cookie-path.ts';
export { applyCookies, updateCookieHeader } from './cookies/update-cookies.ts';
export {
  handleNodeRequest,
  type NodeRequest,
  type NodeResponse,
  type NodeSession,
  openNodeSession,
  readNodeHeaders,
} from './http/node-requests.ts';
export { isPathBelow } from './http/path-match.ts';
export { isPrefetch, type RouterRequest } from './http/request-checks.ts';
export {
  addSessionHeaders,
  createSessionHeaders,
  isNeverShared,
  setPrivateCaching,
} from './http/responses.ts';
export { findRoute } from './http/route-paths.ts';
export { createErrorResponse, type FailureOptions } from './pages/error-responses.ts';
export { createWebAuthResolver, type WebAuthResolverOptions } from './web-auth-resolver.ts';
