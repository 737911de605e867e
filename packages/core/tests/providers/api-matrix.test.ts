// @platforms node: the APIs of a provider, userinfo and logout tokens use no code that differs between the platforms.
import { testApiToken, testSeveralResources } from './cases/api-token.ts';
import { testBackchannelLogout } from './cases/logout.ts';
import { testCells } from './cases/test-cells.ts';
import { testUserinfo } from './cases/userinfo.ts';

testCells('userinfo', testUserinfo);
testCells('backchannelLogout', testBackchannelLogout);
testCells('apiToken', testApiToken);
testCells('severalResources', testSeveralResources);
