'use client';

import Link from 'next/link';
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
        </Link>
      ))}
    </nav>
  );
}
