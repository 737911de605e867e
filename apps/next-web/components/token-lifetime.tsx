'use client';

import { useEffect, useState } from 'react';

/** Counts down the remaining lifetime of the access token. The browser does not receive the token. */
export function TokenLifetime({ secondsLeft }: { readonly secondsLeft: number | undefined }) {
  const [left, setLeft] = useState(secondsLeft);

  useEffect(() => {
    if (secondsLeft === undefined) return;
    const start = performance.now();
    const tick = () => setLeft(Math.max(0, Math.round(secondsLeft - (performance.now() - start) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [secondsLeft]);

  if (left === undefined) return <p>The provider did not report its expiry.</p>;
  return (
    <p className="lifetime">
      <strong data-testid="seconds-left">{left}</strong> s left
      <span className="muted">
        {left > 0 ? 'It is refreshed before the next page needs it.' : 'Reload the page to get a new one.'}
      </span>
    </p>
  );
}
