import { api, auth } from '../../../lib/auth';

/** A page without `<Suspense>`: Next sends nothing before it has run. Cache Components of Next 16 reject such a page. */
export default async function Page() {
  const session = await auth.requireSession();
  const response = await auth.fetch(`${api}/items`);
  return <p>{`${session.user.sub} has ${response.status} ${await response.text()}`}</p>;
}
