import { redirect } from 'next/navigation';
import { Items } from '../../components/items';
import { auth } from '../../lib/authjs';

export default async function Page() {
  const session = await auth();
  if (!session?.user) redirect('/api/auth/signin');
  return <Items of={String(session.user.name)} />;
}
