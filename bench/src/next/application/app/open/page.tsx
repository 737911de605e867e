import { connection } from 'next/server';
import { Items } from '../../components/items';

export default async function Page() {
  // Rendered for each request, as a page with a session is.
  await connection();
  return <Items of="none" />;
}
