import { addressRows } from './address-rows.ts';
import { cacheRows } from './cache-rows.ts';
import { cookieBudgetRows } from './cookie-budget-rows.ts';
import { endedLoginRows } from './ended-login-rows.ts';
import { httpRows } from './http-rows.ts';
import { loginRows } from './login-rows.ts';
import { logoutRows } from './logout-rows.ts';
import { neighbourRows } from './neighbour-rows.ts';
import { outageRows } from './outage-rows.ts';
import { pageRows } from './page-rows.ts';
import { plantedRows } from './planted-rows.ts';
import { rawByteRows } from './raw-byte-rows.ts';
import { refreshResponseRows } from './refresh-response-rows.ts';
import { refreshRows } from './refresh-rows.ts';
import { rejectedRefreshRows } from './rejected-refresh-rows.ts';
import { rejectionRows } from './rejection-rows.ts';
import type { Row } from './row.ts';
import { setCookieRows } from './set-cookie-rows.ts';
import { streamRows } from './stream-rows.ts';
import { tokenRows } from './token-rows.ts';

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
