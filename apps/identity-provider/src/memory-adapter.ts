import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';

interface Entry {
  readonly payload: AdapterPayload;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Entries of one kind at most; the oldest go first. */
const maxEntries = 20_000;

/**
 * Keeps everything in this process: it ends with the process, as a demonstration should.
 *
 * A code or a refresh token is consumed atomically: of two requests that spend the same one at the same time, the
 * second ends the grant, exactly as a later replay would.
 *
 * @see RFC 9700 section 4.14.2
 */
export function createMemoryAdapter(): (model: string) => Adapter {
  const models = new Map<string, Map<string, Entry>>();

  const entriesOf = (model: string): Map<string, Entry> => {
    const entries = models.get(model) ?? new Map<string, Entry>();
    models.set(model, entries);
    return entries;
  };
  const endGrant = (grantId: string) => {
    entriesOf('Grant').delete(grantId);
    for (const entries of models.values()) removeGranted(entries, grantId);
  };

  return (model) => {
    const entries = entriesOf(model);
    /** Ids by another member that identifies: a session's uid, a device's user code. */
    const index = new Map<string, string>();

    const live = (id: string | undefined): AdapterPayload | undefined => {
      const entry = id === undefined ? undefined : entries.get(id);
      if (!entry || id === undefined) return undefined;
      if (entry.until > Date.now()) return entry.payload;
      forget(id);
      return undefined;
    };
    const copy = (payload: AdapterPayload | undefined) => payload && structuredClone(payload);
    const forget = (id: string) => {
      const payload = entries.get(id)?.payload;
      entries.delete(id);
      for (const key of indexKeys(payload)) if (index.get(key) === id) index.delete(key);
    };

    return {
      async upsert(id, payload, expiresIn) {
        forget(id);
        const until = expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000;
        entries.set(id, { payload: structuredClone(payload), until });
        for (const key of indexKeys(payload)) index.set(key, id);
        for (const oldest of entries.keys()) {
          if (entries.size <= maxEntries) break;
          forget(oldest);
        }
      },
      find: async (id) => copy(live(id)),
      findByUid: async (uid) => copy(live(index.get(`uid:${uid}`))),
      findByUserCode: async (userCode) => copy(live(index.get(`userCode:${userCode}`))),
      async consume(id) {
        const payload = live(id);
        if (!payload) throw new errors.InvalidGrant('grant not found');
        if (payload.consumed) {
          if (payload.grantId) endGrant(payload.grantId);
          throw new errors.InvalidGrant('already used');
        }
        payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => forget(id),
      revokeByGrantId: async (grantId) => removeGranted(entries, grantId),
    };
  };
}

function removeGranted(entries: Map<string, Entry>, grantId: string): void {
  for (const [id, { payload }] of entries) if (payload.grantId === grantId) entries.delete(id);
}

function indexKeys(payload: AdapterPayload | undefined): string[] {
  const keys: string[] = [];
  if (payload?.uid) keys.push(`uid:${payload.uid}`);
  if (payload?.userCode) keys.push(`userCode:${payload.userCode}`);
  return keys;
}
