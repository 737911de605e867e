import type { ReactNode } from 'react';

interface Props {
  readonly eyebrow: string;
  readonly title: string;
  readonly children: ReactNode;
}

/** A page that contains only a message. */
export function Message({ eyebrow, title, children }: Props) {
  return (
    <section className="hero message">
      <p className="eyebrow">{eyebrow}</p>
      <h1>{title}</h1>
      {children}
    </section>
  );
}
