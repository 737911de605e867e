'use client';

import Link, { useLinkStatus } from 'next/link';
import { usePathname } from 'next/navigation';

const links = [
  ['/dashboard', 'Dashboard'],
  ['/profile', 'Profile'],
] as const;

export function NavLinks() {
  const pathname = usePathname();
  return (
    <nav aria-label="Main">
      {links.map(([href, label]) => (
        <Link aria-current={pathname === href ? 'page' : undefined} href={href} key={href}>
          {label}
          <Pending />
        </Link>
      ))}
    </nav>
  );
}

/** Shows that the next page is not complete yet. Without JavaScript, the browser shows it. */
function Pending() {
  const { pending } = useLinkStatus();
  return <span role="status">{pending && ' (loading …)'}</span>;
}
