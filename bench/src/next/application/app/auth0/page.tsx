import { redirect } from 'next/navigation';
import { Items } from '../../components/items';
import { auth0 } from '../../lib/auth0';

export default async function Page() {
  const session = await auth0.getSession();
  if (!session) redirect('/auth/login');
  return <Items of={String(session.user.name)} />;
}
