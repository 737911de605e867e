import type * as Crypto from 'node:crypto';

let cachedModule: typeof Crypto | undefined;

/** Returns Node's crypto module. It is loaded on first use, because it takes longer to load than all of core. */
export const getNodeCrypto = (): typeof Crypto => {
  cachedModule ??= process.getBuiltinModule('node:crypto');
  return cachedModule;
};
