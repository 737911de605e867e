import { httpRows } from './http-rows.ts';
import { loginRows } from './login-rows.ts';
import { logoutRows } from './logout-rows.ts';
import { plantedRows } from './planted-rows.ts';
import { refreshRows } from './refresh-rows.ts';
import type { Row } from './row.ts';
import { setCookieRows } from './set-cookie-rows.ts';

/** One list for every kind of running application. */
export const sessionRows: readonly Row[] = [
  ...refreshRows,
  ...setCookieRows,
  ...plantedRows,
  ...loginRows,
  ...logoutRows,
  ...httpRows,
];
