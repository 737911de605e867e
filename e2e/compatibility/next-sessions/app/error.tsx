'use client';

/** Production shows only the digest of an error: its code. */
export default function ErrorPage({ error }: { error: Error & { digest?: string } }) {
  return <p role="alert">This page failed: {error.digest}</p>;
}
