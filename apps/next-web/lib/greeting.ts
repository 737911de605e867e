import type { Session } from '@countersign/next';

/** What to call the user: what they asked for, or what the provider says. */
export function greetingOf({ data, user }: Session): string {
  if (typeof data.greeting === 'string' && data.greeting !== '') return data.greeting;
  return user.name?.split(' ')[0] ?? user.sub;
}
