import { type ReactNode, type SyntheticEvent, useEffect, useId, useRef, useState } from 'react';
import { LoginButton, LogoutButton } from './buttons.tsx';
import { fillMessages, formatTime, type SessionExpiryMessages } from './session-expiry-messages.ts';
import { useAuthContext } from './use-session.ts';

/** Properties of {@link SessionExpiry}. */
export interface SessionExpiryProps {
  /**
   * Seconds before the expiry of the session at which the user is warned. Less than the option `idleLifetime`. Default: 60.
   */
  readonly warnBefore?: number | undefined;
  /** Class of the dialog. Default: none, the style of the browser. */
  readonly className?: string | undefined;
  /** Class of each button and link in the dialog. Default: none. */
  readonly buttonClassName?: string | undefined;
  /** Texts, for example in another language. Default: English. */
  readonly messages?: { readonly [Name in keyof SessionExpiryMessages]?: string | undefined } | undefined;
  /** Called when the session has expired, for example to remove data from the page. Default: none. */
  readonly onExpire?: (() => void) | undefined;
}

type Phase = 'idle' | 'warning' | 'ended';

/**
 * Warns a user before an unused session expires, and offers to stay signed in. After the expiry, it shows that the user
 * was signed out. It is a modal dialog: screen readers announce it, it has the focus, and the page behind it cannot be
 * used. One use in any tab extends the session for all of them. It needs `<AuthProvider>`, and requests the session
 * from the server once.
 *
 * It does not remove the data that the page shows, see `onExpire`.
 *
 * @see https://www.w3.org/WAI/WCAG22/Understanding/timing-adjustable
 * @example
 * ```tsx
 * import { AuthProvider, SessionExpiry } from '@countersign/next/client';
 *
 * export const Warning = () => (
 *   <AuthProvider>
 *     <SessionExpiry onExpire={() => location.replace('/signed-out')} warnBefore={120} />
 *   </AuthProvider>
 * );
 * ```
 */
export function SessionExpiry(props: SessionExpiryProps): ReactNode {
  const { warnBefore = 60, className, buttonClassName, onExpire } = props;
  const messages = fillMessages(props.messages);
  const { session, expiresIn, clockOffset, check, extend } = useAuthContext();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [isDismissed, setDismissed] = useState(false);
  const [hasFailed, setFailed] = useState(false);
  const phase = usePhase(warnBefore);
  const isFinal = session !== undefined && session.endsAt <= session.expiresAt;
  const isOpen = phase === 'ended' || (phase === 'warning' && !isDismissed);
  const remainingSeconds = expiresIn ?? 0;

  // The clock of the browser may be wrong.
  const isClockUnknown = session !== undefined && clockOffset === 0;
  useEffect(() => {
    if (isClockUnknown) void check();
  }, [isClockUnknown, check]);

  useEffect(() => {
    // Another tab may have used the session.
    if (phase === 'warning') void check();
    if (phase === 'idle') setDismissed(false);
    setFailed(false);
  }, [phase, check]);

  useEffect(() => {
    if (phase === 'ended') onExpire?.();
  }, [phase, onExpire]);

  // The dialog receives the focus. Afterwards, the previous element receives it again.
  useEffect(() => {
    if (!isOpen) dialog.current?.close();
    else if (!dialog.current?.open) dialog.current?.showModal();
  }, [isOpen]);

  // The message about the expiry replaces the button that had the focus.
  useEffect(() => {
    if (phase === 'ended') dialog.current?.querySelector('a')?.focus();
  }, [phase]);

  const stay = () => {
    setFailed(false);
    extend().catch(() => setFailed(true));
  };
  const cancel = (event: SyntheticEvent) => {
    event.preventDefault();
    if (phase !== 'warning') return;
    if (isFinal) setDismissed(true);
    else stay();
  };
  const text = isFinal ? messages.finalText : messages.warningText;
  return (
    <dialog
      aria-describedby={`${id}text`}
      aria-labelledby={`${id}title`}
      className={className}
      onCancel={cancel}
      ref={dialog}
      role="alertdialog"
    >
      {isOpen && (
        <>
          <h2 id={`${id}title`}>{phase === 'ended' ? messages.endedTitle : messages.warningTitle}</h2>
          <p id={`${id}text`}>
            {phase === 'ended' ? messages.endedText : text.replace('{time}', formatTime(remainingSeconds))}
          </p>
          {phase === 'warning' && (
            <p aria-live="assertive" style={visuallyHidden}>
              {remainingSeconds <= 30 && text.replace('{time}', formatTime(remainingSeconds <= 10 ? 10 : 30))}
            </p>
          )}
          {hasFailed && <p role="alert">{messages.failure}</p>}
          {phase === 'ended' && <LoginHere className={buttonClassName}>{messages.logIn}</LoginHere>}
          {phase === 'warning' && (
            <>
              {isFinal ? (
                <button className={buttonClassName} onClick={() => setDismissed(true)} type="button">
                  {messages.close}
                </button>
              ) : (
                <button className={buttonClassName} onClick={stay} type="button">
                  {messages.stay}
                </button>
              )}
              <LogoutButton className={buttonClassName}>{messages.logOut}</LogoutButton>
            </>
          )}
        </>
      )}
    </dialog>
  );
}

const visuallyHidden = {
  position: 'absolute',
  width: 1,
  height: 1,
  overflow: 'hidden',
  clipPath: 'inset(50%)',
} as const;

/** A link to a login that returns to this page. It is shown in the browser only. */
function LoginHere(props: { readonly className: string | undefined; readonly children: ReactNode }) {
  const { pathname, search } = location;
  return (
    <LoginButton className={props.className} returnTo={pathname + search}>
      {props.children}
    </LoginButton>
  );
}

/** The session has ended if it expired while this page was open. A logout in another tab is not an expiry. */
function usePhase(warnBefore: number): Phase {
  const { session, status, expiresIn, clockOffset } = useAuthContext();
  const [hasEnded, setEnded] = useState(false);
  /** The last known expiry, in seconds of the browser's clock. */
  const expiry = useRef<number>(undefined);

  useEffect(() => {
    if (expiresIn !== undefined) setEnded(expiresIn === 0);
  }, [expiresIn]);

  // After a suspension, the response of the server can arrive before the timers run.
  useEffect(() => {
    if (session) expiry.current = session.expiresAt - clockOffset;
    if (status !== 'signed-out' || expiry.current === undefined) return;
    if (expiry.current <= Date.now() / 1000 + 1) setEnded(true);
    expiry.current = undefined;
  }, [session, status, clockOffset]);

  if (hasEnded) return 'ended';
  return expiresIn !== undefined && expiresIn > 0 && expiresIn <= warnBefore ? 'warning' : 'idle';
}
