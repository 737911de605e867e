import type { TokenStorage } from '../../../../src/browser/state/token-storage.ts';
import type { TokenSet } from '../../../../src/tokens/token-set.ts';

/** Reports each refresh token that is stored. The storage keeps its methods and its timing. */
export function watchStorage(
  storage: TokenStorage,
  { onStored }: { readonly onStored: (refreshToken: string) => void },
): TokenStorage {
  const report = (tokens: TokenSet | undefined) => {
    if (tokens?.refreshToken !== undefined) onStored(tokens.refreshToken);
    return tokens;
  };
  const { open, update } = storage;
  return {
    reach: storage.reach,
    get: (key) => storage.get(key),
    set: (key, tokens) => storage.set(key, report(tokens) as TokenSet),
    remove: (key) => storage.remove(key),
    ...(open && { open: (key) => open(key) }),
    ...(update && { update: (key, change) => update(key, (stored) => report(change(stored))) }),
  };
}
