import type { Session } from '@countersign/next';
import { Items } from '../../components/items';
import { auth } from '../../lib/countersign';

export default auth.protected.page(({ session }: { readonly session: Session }) => (
  <Items of={String(session.user.name)} />
));
