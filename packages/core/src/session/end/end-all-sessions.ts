import { emitIncompleteLogout } from '../../client/logout/incomplete-logout.ts';
import { type AuthError, ValidationError } from '../../errors.ts';
import type {
  IdentifiedSession,
  IdentifiedSessions,
  LoadedSession,
  SessionReference,
} from '../backends/session-backend.ts';
import { selectNewest } from '../backends/state/select-newest.ts';
import type { SessionState } from '../backends/state/session-state.ts';
import type { SessionContext } from '../context.ts';
import type { RequestCookies } from '../cookies/cookies.ts';
import { endSession, type SessionEnd } from './end-session.ts';

/** The end of all sessions of a request. */
export interface EndedSessions {
  /** The count of sessions that have ended, or are ended in the background. 0: the user is not signed in. */
  readonly count: number;
  /** Their last states, as far as they are known. */
  readonly states: readonly SessionState[];
  /** The state of the user's session. Missing if it is unknown, or if the copies are of different users. */
  readonly current: SessionState | undefined;
  /** The first error, if a session could not be ended. */
  readonly failure: AuthError | undefined;
  /** The sessions that could not be ended. */
  readonly unfinishedSessions: readonly SessionReference[];
  /** True if the request has more copies than were read: the user's session may be among the others. */
  readonly isTruncated: boolean;
}

/**
 * Ends the session of every copy of the session cookie in a request, including copies that do not sign in. A sibling host
 * may have planted a copy beside the one of the user: it must not prevent the end of the user's session.
 */
export async function endAllSessions(
  context: SessionContext,
  existing: RequestCookies,
): Promise<EndedSessions> {
  let identifiedSessions: IdentifiedSessions;
  try {
    identifiedSessions = await context.backend.identifyAll(existing);
  } catch (error) {
    const failure = error as AuthError;
    return { count: 0, states: [], current: undefined, failure, unfinishedSessions: [], isTruncated: false };
  }
  const { sessions, isTruncated } = identifiedSessions;
  const ends = (await Promise.all(sessions.map((session) => endIdentified(context, session)))).flat();
  const states = ends.flatMap(({ state }) => state ?? []);
  const acceptedEnds = ends.filter(({ isAccepted }) => isAccepted);
  const unexpiredEnds = acceptedEnds.filter(({ reference }) => !reference.hasExpired);
  return {
    count: ends.length,
    states,
    current: selectNewest(
      (unexpiredEnds.length > 0 ? unexpiredEnds : acceptedEnds).flatMap(({ state }) => state ?? []),
    ),
    failure:
      ends.find(({ failure }) => failure)?.failure ?? (isTruncated ? rejectCopies(context) : undefined),
    unfinishedSessions: ends.flatMap(({ failure, reference }) => (failure ? [reference] : [])),
    isTruncated,
  };
}

type EndedReference = SessionReference & Pick<LoadedSession, 'hasExpired'>;

/** Returns an empty list if the session has ended before. */
async function endIdentified(
  context: SessionContext,
  session: IdentifiedSession,
): Promise<readonly (SessionEnd & { readonly isAccepted: boolean; readonly reference: EndedReference })[]> {
  const { isAccepted } = session;
  let reference: EndedReference | undefined = session;
  try {
    reference = await context.backend.reload(session, { toEnd: true });
  } catch {
    // The store cannot be read. It may be possible to write to it.
  }
  return reference ? [{ ...(await endSession(context, reference, 'logout')), isAccepted, reference }] : [];
}

function rejectCopies({ client }: SessionContext): AuthError {
  const error = new ValidationError(
    'request_invalid',
    'cookie',
    'The request has more copies of the session cookie than a logout reads. The sessions of the other copies were not ended. A host of the same domain may have set them: delete the cookies of the domain in the browser.',
  );
  emitIncompleteLogout(client, 'session', error);
  return error;
}
