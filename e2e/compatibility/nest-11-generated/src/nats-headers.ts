import { headers } from 'nats';

export function createNatsHeaders(source: Readonly<Record<string, string>>) {
  const created = headers();
  for (const [name, value] of Object.entries(source)) created.set(name, value);
  return created;
}
