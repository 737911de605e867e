import type * as Crypto from 'node:crypto';

let loaded: typeof Crypto | undefined;

/** Node's crypto, loaded when it is first used: that takes longer than to load everything else here together. */
export const nodeCrypto = (): typeof Crypto => {
  loaded ??= process.getBuiltinModule('node:crypto');
  return loaded;
};
