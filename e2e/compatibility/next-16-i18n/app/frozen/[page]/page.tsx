import { auth } from '../../../lib/auth';

/** A mistake: a static page for all users, in which Next finds no session. */
export const dynamic = 'force-static';
export const generateStaticParams = () => [];

export default async function Frozen() {
  const session = await auth.getSession();
  return <main data-frozen={session?.user.sub ?? 'none'} />;
}
