import { useEffect, useState } from 'react';
import { getSecondsUntil, type TimedSnapshot } from './session-snapshot.ts';

/** Seconds before the expiry in which the value changes every second; before that, every 30 seconds. */
const countdown = 300;

/**
 * Returns the seconds until the session expires, `undefined` while they are unknown. It is computed after rendering: a page
 * that is rendered in advance has no current time.
 *
 * @param onExpire called when the session has expired, if no later use was reported to the browser
 */
export function useExpiresIn(
  { session, clockOffset }: TimedSnapshot,
  onExpire: () => void,
): number | undefined {
  const [expiresIn, setExpiresIn] = useState<number>();
  const expiresAt = session?.expiresAt;

  useEffect(() => {
    if (expiresAt === undefined) return setExpiresIn(undefined);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const update = () => {
      const secondsLeft = getSecondsUntil(expiresAt, clockOffset);
      setExpiresIn(secondsLeft);
      if (secondsLeft === 0) onExpire();
      else
        timer = setTimeout(
          update,
          (secondsLeft > countdown ? Math.min(30, secondsLeft - countdown) : 1) * 1000,
        );
    };
    update();
    return () => clearTimeout(timer);
  }, [expiresAt, clockOffset, onExpire]);

  return expiresIn;
}
