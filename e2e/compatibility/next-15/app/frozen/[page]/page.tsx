import { auth } from '../../../lib/auth';

/** A mistake: one file for everybody, in which Next would say that nobody is signed in. */
export const dynamic = 'force-static';
export const generateStaticParams = () => [];

export default async function Frozen() {
  const session = await auth.getSession();
  return <main data-frozen={session?.user.sub ?? 'nobody'} />;
}
