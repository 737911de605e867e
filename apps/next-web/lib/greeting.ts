import type { Session } from '@countersign/next';

/** The greeting that the user has chosen, or the name from the provider. */
export function getGreeting({ data, user }: Session): string {
  if (typeof data.greeting === 'string' && data.greeting !== '') return data.greeting;
  return user.name?.split(' ')[0] ?? user.sub;
}
