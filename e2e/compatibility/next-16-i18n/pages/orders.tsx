import type { GetServerSideProps } from 'next';
import { auth } from '../lib/auth';

interface Props {
  readonly title: string;
  readonly user: string;
  readonly language: string;
  readonly expiresAt: number;
}

export const getServerSideProps: GetServerSideProps<Props> = async ({ req, res, locale }) => {
  const { getSession, getAccessToken } = auth.pages({ req, res });
  const session = await getSession();
  if (!session) return { redirect: { destination: '/api/auth/login', permanent: false } };
  const { expiresAt = 0 } = await getAccessToken();
  const title = locale === 'de' ? 'Bestellungen' : 'Orders';
  const language = String(req.headers['x-language']);
  return { props: { title, user: session.user.sub, language, expiresAt } };
};

export default function Orders({ title, user, language, expiresAt }: Props) {
  return (
    <main data-expires-at={expiresAt} data-language={language} data-user={user}>
      <h1>{title}</h1>
    </main>
  );
}
