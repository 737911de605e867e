import type { HttpInterceptorFn } from '@angular/common/http';

/** Creates an interceptor that ends requests without a response. Without a limit, a page waits for an API that never responds. */
export const createApiTimeout =
  (milliseconds: number): HttpInterceptorFn =>
  (request, next) =>
    next(request.timeout === undefined ? request.clone({ timeout: milliseconds }) : request);
