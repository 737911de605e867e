import type { CheckName } from '../server.ts';
import { checkApi, checkRotation } from './api.ts';
import type { CheckContext } from './context.ts';
import { checkLogin, checkPublicLogin, checkUserinfo } from './login.ts';
import { checkBackchannelLogout, checkLogout } from './logout.ts';
import { checkAdministrator, checkParallelRefreshes, checkRevocation, checkWrongSecret } from './refresh.ts';

export const checks: Readonly<Record<CheckName, (context: CheckContext) => Promise<void>>> = {
  login: checkLogin,
  public: checkPublicLogin,
  refresh: checkParallelRefreshes,
  userinfo: checkUserinfo,
  api: checkApi,
  secret: checkWrongSecret,
  administrator: checkAdministrator,
  revocation: checkRevocation,
  rotation: checkRotation,
  backchannel: checkBackchannelLogout,
  logout: checkLogout,
};
