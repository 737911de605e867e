import { describe, test } from 'vitest';
import { testIdToken } from './cases/id-token.ts';
import { testLogin } from './cases/login.ts';
import { testLogout, testMissingLogout } from './cases/logout.ts';
import { testEndOfRefresh, testRefresh } from './cases/refresh.ts';
import { testCells } from './cases/test-cells.ts';
import { isTested } from './provider-row.ts';
import { rows } from './rows/index.ts';

// The cells whose code differs between the platforms: login, refresh and logout. The others are in api-matrix.test.ts.
testCells('login', testLogin);
testCells('idToken', testIdToken);
testCells('refresh', testRefresh);
testCells('endOfRefresh', testEndOfRefresh);
testCells('logout', testLogout);

describe('a provider without logout', () => {
  test.each(rows.filter(({ cells }) => !isTested(cells.logout)))(
    '$title: has no logout URL',
    testMissingLogout,
  );
});
