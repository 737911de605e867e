import { cookieBudgetRows } from './cookies/cookie-budget-rows.ts';
import { neighbourRows } from './cookies/neighbour-rows.ts';
import { plantedRows } from './cookies/planted-rows.ts';
import { rawByteRows } from './cookies/raw-byte-rows.ts';
import { setCookieRows } from './cookies/set-cookie-rows.ts';
import { endedLoginRows } from './login/ended-login-rows.ts';
import { loginRows } from './login/login-rows.ts';
import { logoutRows } from './login/logout-rows.ts';
import { outageRows } from './login/outage-rows.ts';
import { addressRows } from './pages/address-rows.ts';
import { cacheRows } from './pages/cache-rows.ts';
import { httpRows } from './pages/http-rows.ts';
import { pageRows } from './pages/page-rows.ts';
import { refreshResponseRows } from './refresh/refresh-response-rows.ts';
import { refreshRows } from './refresh/refresh-rows.ts';
import { rejectedRefreshRows } from './refresh/rejected-refresh-rows.ts';
import { rejectionRows } from './refresh/rejection-rows.ts';
import { streamRows } from './refresh/stream-rows.ts';
import { tokenRows } from './refresh/token-rows.ts';
import type { Row } from './row.ts';

/** One list for every kind of running application. */
export const sessionRows: readonly Row[] = [
  ...refreshRows,
  ...streamRows,
  ...tokenRows,
  ...rejectionRows,
  ...rejectedRefreshRows,
  ...setCookieRows,
  ...plantedRows,
  ...rawByteRows,
  ...loginRows,
  ...cookieBudgetRows,
  ...neighbourRows,
  ...logoutRows,
  ...outageRows,
  ...httpRows,
  ...cacheRows,
  ...addressRows,
  ...endedLoginRows,
  ...pageRows,
  ...refreshResponseRows,
];
