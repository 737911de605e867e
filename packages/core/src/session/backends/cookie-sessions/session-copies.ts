import { type ChunkedValue, listCandidates, readCopies, readPartitions } from '../../cookies/chunks.ts';
import { areBothPartitions, createCopyCheck, deleteCopies } from '../../cookies/cookie-copies.ts';
import { isSameScope } from '../../cookies/cookie-scope.ts';
import type { CookieJar, CookieToSet, RequestCookies } from '../../cookies/cookies.ts';
import { selectCopies } from '../logout-records/logout-copies.ts';
import type { IdentifiedSession, IdentifiedSessions, LoadedSession } from '../session-backend.ts';
import { selectNewest } from '../state/select-newest.ts';
import type { SessionState } from '../state/session-state.ts';
import type { SessionEncryption } from './session-encryption.ts';

/** Finds the copies of the session cookie in a request: under several names, at several scopes, or planted. */
export interface SessionCopies {
  /**
   * Loads the session of the newest copy. An ended one does not count if there are several: a sibling host may have planted
   * the session of another user, which the next login ends.
   *
   * @param findLive finds the session of a state, unless it has expired or ended
   */
  load(
    cookies: RequestCookies,
    findLive: (state: SessionState) => Promise<LoadedSession | undefined>,
  ): Promise<LoadedSession | undefined>;
  /** Finds the sessions of all copies, including copies that do not sign in. */
  identifyAll(cookies: RequestCookies): Promise<IdentifiedSessions>;
  /**
   * Creates the cookies that delete the copies at the scopes of other settings.
   *
   * @param loadedSession the session of the request. Default: unknown.
   */
  findDeletions(existing: RequestCookies, loadedSession?: LoadedSession): Promise<CookieToSet[]>;
}

export function createSessionCopies({
  jar,
  name,
  encryption,
}: {
  readonly jar: CookieJar;
  readonly name: string;
  readonly encryption: SessionEncryption;
}): SessionCopies {
  const wireNames = jar.listWireNames(name);
  const hasSeveralCopies = createCopyCheck(jar, name);

  const selectCandidates = (cookies: RequestCookies) =>
    selectCopies(
      wireNames.all,
      (wireName) => listCandidates(wireName, cookies),
      ({ generation, text }) => `${generation}~${text}`,
    );

  async function listAccepted(cookies: RequestCookies): Promise<readonly ChunkedValue[]> {
    const copies = wireNames.acceptedNames.flatMap((wireName) => readCopies(wireName, cookies));
    const partitions = wireNames.acceptedNames.flatMap((wireName) => readPartitions(wireName, cookies));
    if (partitions.length === 0) return copies;
    const states = await Promise.all(partitions.map(encryption.decryptExpired));
    const writtenStates = states.filter((each) => each !== undefined);
    return areBothPartitions(writtenStates.map((state) => state.cookieScope ?? {})) &&
      selectNewest(writtenStates)
      ? [...copies, ...partitions]
      : copies;
  }

  return {
    async load(cookies, findLive) {
      const [value, ...copies] = await listAccepted(cookies);
      if (!value) return undefined;
      const loadCopy = async (copy: ChunkedValue) => {
        const state = await encryption.decrypt(copy);
        return state && findLive(state);
      };
      if (copies.length === 0) return loadCopy(value);
      const loadedCopies = (await Promise.all([value, ...copies].map(loadCopy))).filter(
        (each) => each !== undefined,
      );
      const newest = selectNewest(loadedCopies.map(({ state }) => state));
      return loadedCopies.find(({ state }) => state === newest);
    },
    async identifyAll(cookies) {
      const { copies, isTruncated } = selectCandidates(cookies);
      const copyStates = await Promise.all(
        copies.map(async ({ wireName, value }) => {
          // After this cookie has expired, another copy of its session may still be in use.
          const state = (await encryption.decrypt(value)) ?? (await encryption.decryptExpired(value));
          return state ? [{ state, isAccepted: wireNames.acceptedNames.includes(wireName) }] : [];
        }),
      );
      const sessions = new Map<string, IdentifiedSession & { readonly state: SessionState }>();
      for (const { state, isAccepted } of copyStates.flat()) {
        const knownSession = sessions.get(state.id);
        // Several copies can be of one session. The refresh token of the newest one is not spent.
        const newest = selectNewest(knownSession ? [knownSession.state, state] : [state]) ?? state;
        sessions.set(state.id, {
          key: state.id,
          state: newest,
          isAccepted: isAccepted || knownSession?.isAccepted === true,
        });
      }
      return { sessions: [...sessions.values()], isTruncated };
    },
    async findDeletions(existing, loadedSession) {
      const isCurrent = loadedSession && isSameScope(loadedSession.state.cookieScope ?? {}, jar.scope);
      if (isCurrent && !hasSeveralCopies(existing)) return [];
      const copies = await Promise.all(
        selectCandidates(existing).copies.map(async ({ wireName, value }) => {
          const state = await encryption.decryptExpired(value);
          return state ? [{ wireName, count: value.count, scope: state.cookieScope ?? {} }] : [];
        }),
      );
      return deleteCopies(jar, name, {
        copies: copies.flat(),
        cookies: loadedSession ? undefined : existing,
      });
    },
  };
}
