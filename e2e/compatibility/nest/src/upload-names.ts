import { Metadata } from '@grpc/grpc-js';
import { type ClientGrpcProxy, ClientProxyFactory, type GrpcOptions } from '@nestjs/microservices';
import { firstValueFrom, from, type Observable } from 'rxjs';

interface Uploads {
  upload(messages: Observable<{ name: string }>, metadata: Metadata): Observable<{ user: string }>;
}

/** Sends a stream of messages to the gRPC method `Upload`, and ends it at once. */
export async function uploadNames(calls: GrpcOptions, token: string, names: readonly string[]) {
  const client = ClientProxyFactory.create(calls) as unknown as ClientGrpcProxy;
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  try {
    const messages = from(names.map((name) => ({ name })));
    return await firstValueFrom(client.getService<Uploads>('Items').upload(messages, metadata));
  } finally {
    client.close();
  }
}

/** Changes the header of a token. Its signature is not valid any more. */
export function setKeyId(token: string, kid: string): string {
  const [header = '', ...others] = token.split('.');
  const changed = { ...(JSON.parse(Buffer.from(header, 'base64url').toString()) as object), kid };
  return [Buffer.from(JSON.stringify(changed)).toString('base64url'), ...others].join('.');
}
