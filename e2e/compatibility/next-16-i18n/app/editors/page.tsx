import { auth } from '../../lib/auth';

/** The login of these tests does not get this scope. Nothing is sent before the page has run. */
export default async function Editors() {
  const session = await auth.requireScopes('items:write');
  return <main data-user={session.user.sub}>Editors</main>;
}
