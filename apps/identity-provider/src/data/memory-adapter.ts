import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';

interface Entry {
  readonly payload: AdapterPayload;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** The maximum count of entries per model. The oldest entries are evicted first. */
const maxEntries = 20_000;

/**
 * Stores all data in the memory of the process. The data is lost when the process stops.
 *
 * A code or a refresh token is consumed atomically. If two concurrent requests use the same one, the second request
 * revokes the grant, like a later replay.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
 */
export function createMemoryAdapter(): (model: string) => Adapter {
  const models = new Map<string, Map<string, Entry>>();

  const getEntries = (model: string): Map<string, Entry> => {
    const entries = models.get(model) ?? new Map<string, Entry>();
    models.set(model, entries);
    return entries;
  };
  const revokeGrant = (grantId: string) => {
    getEntries('Grant').delete(grantId);
    for (const entries of models.values()) deleteByGrant(entries, grantId);
  };

  return (model) => {
    const entries = getEntries(model);
    /** IDs by a second identifier: the uid of a session, the user code of a device. */
    const index = new Map<string, string>();

    const findValid = (id: string | undefined): AdapterPayload | undefined => {
      const entry = id === undefined ? undefined : entries.get(id);
      if (!entry || id === undefined) return undefined;
      if (entry.expiresAt > Date.now()) return entry.payload;
      deleteEntry(id);
      return undefined;
    };
    const copy = (payload: AdapterPayload | undefined) => payload && structuredClone(payload);
    const deleteEntry = (id: string) => {
      const payload = entries.get(id)?.payload;
      entries.delete(id);
      for (const key of listIndexKeys(payload)) if (index.get(key) === id) index.delete(key);
    };

    return {
      async upsert(id, payload, expiresIn) {
        deleteEntry(id);
        const expiresAt = expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000;
        entries.set(id, { payload: structuredClone(payload), expiresAt });
        for (const key of listIndexKeys(payload)) index.set(key, id);
        for (const oldest of entries.keys()) {
          if (entries.size <= maxEntries) break;
          deleteEntry(oldest);
        }
      },
      find: async (id) => copy(findValid(id)),
      findByUid: async (uid) => copy(findValid(index.get(`uid:${uid}`))),
      findByUserCode: async (userCode) => copy(findValid(index.get(`userCode:${userCode}`))),
      async consume(id) {
        const payload = findValid(id);
        if (!payload) throw new errors.InvalidGrant('grant not found');
        if (payload.consumed) {
          if (payload.grantId) revokeGrant(payload.grantId);
          throw new errors.InvalidGrant('already used');
        }
        payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => deleteEntry(id),
      revokeByGrantId: async (grantId) => deleteByGrant(entries, grantId),
    };
  };
}

function deleteByGrant(entries: Map<string, Entry>, grantId: string): void {
  for (const [id, { payload }] of entries) if (payload.grantId === grantId) entries.delete(id);
}

function listIndexKeys(payload: AdapterPayload | undefined): string[] {
  const keys: string[] = [];
  if (payload?.uid) keys.push(`uid:${payload.uid}`);
  if (payload?.userCode) keys.push(`userCode:${payload.userCode}`);
  return keys;
}
