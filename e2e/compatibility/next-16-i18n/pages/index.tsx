import Link from 'next/link';
import { useRouter } from 'next/router';

export default function Home() {
  const { locale } = useRouter();
  return <Link href="/orders">{locale === 'de' ? 'Bestellungen' : 'Orders'}</Link>;
}
