import { HttpContextToken } from '@angular/common/http';

/**
 * Decides for one request whether `authInterceptor` adds the access token. Default: `true`, for requests that match an
 * entry of `apis`.
 *
 * @example
 * ```ts
 * import { HttpClient, HttpContext } from '@angular/common/http';
 * import { inject } from '@angular/core';
 * import { SEND_ACCESS_TOKEN } from '@countersign/angular';
 *
 * export function loadPrices() {
 *   const context = new HttpContext().set(SEND_ACCESS_TOKEN, false);
 *   return inject(HttpClient).get('https://api.example.com/prices', { context });
 * }
 * ```
 */
export const SEND_ACCESS_TOKEN: HttpContextToken<boolean> = new HttpContextToken(() => true);
