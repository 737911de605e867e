import { headers } from '@nats-io/transport-node';

export function createNatsHeaders(source: Readonly<Record<string, string>>) {
  const created = headers();
  for (const [name, value] of Object.entries(source)) created.set(name, value);
  return created;
}
