import { connection } from 'next/server';
import { auth } from '../../lib/auth';

export const instant = false;

/** A mistake: this cache is shared by all users. */
async function userName() {
  'use cache';
  return (await auth.getSession())?.user.name;
}

export default async function Cached() {
  await connection();
  return <p data-cached={await userName()} />;
}
