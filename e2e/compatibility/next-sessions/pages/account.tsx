import { api, auth } from '../lib/auth';

/** The request and response of `getServerSideProps`. */
type Context = Parameters<typeof auth.pages>[0];

/** A page of the Pages Router. */
export async function getServerSideProps(context: Context) {
  const { getSession, fetch } = auth.pages(context);
  const session = await getSession();
  const text = session ? `${session.user.sub} has ${(await fetch(`${api}/items`)).status}` : 'no user';
  return { props: { text } };
}

export default function Account({ text }: { text: string }) {
  return <p>{text}</p>;
}
