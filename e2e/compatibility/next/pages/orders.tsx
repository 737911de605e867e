import type { GetServerSideProps } from 'next';
import { pagesAuth } from '../lib/auth';

interface Props {
  readonly user: string;
  readonly expiresAt: number;
}

export const getServerSideProps: GetServerSideProps<Props> = async ({ req, res }) => {
  const { getSession, getAccessToken } = pagesAuth.pages({ req, res });
  const session = await getSession();
  if (!session) {
    const destination = '/api/auth/login?returnTo=%2Fshop%2Forders';
    return { redirect: { destination, permanent: false } };
  }
  const { expiresAt } = await getAccessToken();
  return { props: { user: session.user.sub, expiresAt: (expiresAt ?? 0) * 1000 } };
};

export default function Orders({ user, expiresAt }: Props) {
  return (
    <main data-user={user} data-expires-at={expiresAt}>
      <h1>Orders</h1>
    </main>
  );
}
