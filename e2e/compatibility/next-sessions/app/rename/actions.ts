'use server';

import { cookies } from 'next/headers';
import { redirect } from 'next/navigation';
import { auth } from '../../lib/auth';

export async function rename(): Promise<void> {
  await auth.updateSession((data) => ({ ...data, name: 'new' }));
}

export async function renameAndRedirect(): Promise<void> {
  await rename();
  redirect('/items');
}

/** Sets a cookie of the application before and after the session. */
export async function renameBesideCookies(): Promise<void> {
  const jar = await cookies();
  jar.set('before', '1');
  await rename();
  jar.set('after', '1');
}

export async function readOnly(): Promise<void> {
  await auth.getSession();
}

export async function ignoreSession(): Promise<void> {
  (await cookies()).set('other', '1');
}

/** Another page can forward this action to the page that contains it. */
export async function readSub(): Promise<string> {
  const session = await auth.getSession();
  return session?.user.sub ?? 'none';
}

/** The session is first used by the page. */
export async function onlyRedirect(): Promise<void> {
  redirect('/items');
}
