import { auth } from '../../../lib/auth';

/** The same mistake, with Next's strict option. */
export const dynamic = 'error';
export const generateStaticParams = () => [];

export default async function Strict() {
  const session = await auth.getSession();
  return <main data-strict={session?.user.sub ?? 'none'} />;
}
