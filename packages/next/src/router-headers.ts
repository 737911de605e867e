import type { RouterRequest } from '@countersign/core/session/adapter';

/** Reads the headers of Next's router: prefetches, and fetches of React Server Components. */
export const readRouterRequest = ({ headers }: Request): RouterRequest => ({
  isPrefetch: headers.has('next-router-prefetch') || headers.has('next-router-segment-prefetch'),
  isRouterFetch: headers.has('rsc'),
});

/** Checks whether another worker of Next has forwarded a server action. It removes the cookies from the response. */
export const isForwardedAction = ({ headers }: Pick<Request, 'headers'>): boolean =>
  headers.has('x-action-forwarded');
