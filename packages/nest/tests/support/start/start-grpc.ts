import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { INestMicroservice, ModuleMetadata, Type } from '@nestjs/common';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { afterEach } from 'vitest';
import { findFreePort } from '../../../../../scripts/lib/processes/ports.ts';
import { type StartOptions, startApp } from './start-app.ts';

const protoPath = fileURLToPath(new URL('../items.proto', import.meta.url));

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Calls a function after the test, before the application closes. */
export function closeAfterTest(close: () => void): void {
  closing.push(close);
}

export interface GrpcOptions extends Omit<StartOptions, 'before'> {
  /** Default: false. */
  readonly inheritAppConfig?: boolean;
  /** Called before the server starts. */
  readonly prepare?: (microservice: INestMicroservice) => void;
}

/**
 * Starts an application whose controller, or whose modules, serve `items.proto` over gRPC.
 *
 * @typeParam Methods the methods of the client, which gRPC creates from the description
 */
export async function startGrpc<Methods extends object>(
  controller: Type | ModuleMetadata,
  { inheritAppConfig = false, prepare = () => {}, ...options }: GrpcOptions = {},
) {
  const address = `127.0.0.1:${await findFreePort()}`;
  const testApp = await startApp(
    typeof controller === 'function' ? { controllers: [controller] } : controller,
    {
      ...options,
      before: async (app) => {
        const microservice = app.connectMicroservice<MicroserviceOptions>(
          { transport: Transport.GRPC, options: { package: 'items', protoPath, url: address } },
          { inheritAppConfig },
        );
        prepare(microservice);
        await app.startAllMicroservices();
      },
    },
  );
  const { Items } = loadPackageDefinition(loadSync(protoPath)).items as unknown as {
    Items: new (address: string, credentials: unknown) => Methods & { close(): void };
  };
  const client = new Items(address, credentials.createInsecure());
  closeAfterTest(() => client.close());
  return { ...testApp, address, client };
}

/** Creates the metadata of a call: the token, if there is one, and further entries. */
export function createGrpcMetadata(token?: string, entries: Readonly<Record<string, string>> = {}): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  return metadata;
}
