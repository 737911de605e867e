'use client';

import { useEffect, useState } from 'react';

/** Counts down the remaining lifetime of the access token. The browser does not receive the token. */
export function TokenLifetime({ secondsLeft }: { readonly secondsLeft: number | undefined }) {
  const [remainingSeconds, setRemainingSeconds] = useState(secondsLeft);

  useEffect(() => {
    if (secondsLeft === undefined) return;
    const start = performance.now();
    const tick = () =>
      setRemainingSeconds(Math.max(0, Math.round(secondsLeft - (performance.now() - start) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [secondsLeft]);

  if (remainingSeconds === undefined) return <p>The provider did not report its expiry.</p>;
  return (
    <p className="lifetime">
      <strong data-testid="seconds-left">{remainingSeconds}</strong> s left
      <span className="muted">
        {remainingSeconds > 0
          ? 'It is refreshed before the next page needs it.'
          : 'Reload the page to get a new one.'}
      </span>
    </p>
  );
}
