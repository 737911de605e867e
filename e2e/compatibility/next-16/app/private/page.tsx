import { auth } from '../../lib/auth';

export const instant = false;

/** A private cache of one browser may contain its user. */
async function userName() {
  'use cache: private';
  return (await auth.getSession())?.user.sub ?? 'none';
}

export default async function Private() {
  return <p data-private={await userName()} />;
}
