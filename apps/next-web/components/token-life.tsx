'use client';

import { useEffect, useState } from 'react';

/** Counts down what the server said. The number is all that the browser gets of the token. */
export function TokenLife({ secondsLeft }: { readonly secondsLeft: number | undefined }) {
  const [left, setLeft] = useState(secondsLeft);

  useEffect(() => {
    if (secondsLeft === undefined) return;
    const start = performance.now();
    const tick = () => setLeft(Math.max(0, Math.round(secondsLeft - (performance.now() - start) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [secondsLeft]);

  if (left === undefined) return <p>The provider did not say how long it lasts.</p>;
  return (
    <p className="life">
      <strong data-testid="seconds-left">{left}</strong> s left
      <span className="muted">
        {left > 0 ? 'It is renewed before the next page needs it.' : 'Reload: the page gets a new one first.'}
      </span>
    </p>
  );
}
