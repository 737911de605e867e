export type { ContractCase, OpenStore } from './contract.ts';
export { refreshLockContract } from './refresh-lock-contract.ts';
export { replayStoreContract } from './replay-store-contract.ts';
export { sessionStoreContract } from './session-store-contract.ts';
export { successorStoreContract } from './successor-store-contract.ts';
export { tombstoneStoreContract } from './tombstone-store-contract.ts';
