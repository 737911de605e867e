import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import {
  type AccessTokenVerifier,
  AuthenticatedRequest,
  createAccessTokenVerifier,
} from '@countersign/core/resource-server';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcStreamCall, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AuthModule, ConnectionAuthenticator, Principal } from '../../src/index.ts';
import { testPrincipal } from '../../src/testing/index.ts';

// A server in a separate process: `node program.mjs PORT GRPC_PORT PROTO`. The verifier throws for the token `hostile`.
const [port, grpcPort, protoPath = fileURLToPath(new URL('items.proto', import.meta.url))] =
  process.argv.slice(2);

const real = createAccessTokenVerifier({
  issuer: 'https://issuer.test',
  audience: 'https://api.example.test',
  jwks: { keys: [{ kty: 'none' }] },
});

const verifier: AccessTokenVerifier = {
  ...real,
  findCachedRequest: () => undefined,
  async verifyOptional({ headers }) {
    const { authorization } = headers as Record<string, string | undefined>;
    if (authorization === 'Bearer hostile') throw new RangeError('Maximum call stack size exceeded');
    if (authorization !== 'Bearer good') return undefined;
    return new AuthenticatedRequest({ scheme: 'Bearer', token: 'good' }, testPrincipal({ sub: 'alice' }));
  },
  verifyToken: async () => testPrincipal({ sub: 'alice' }),
};

interface RawCall {
  on(event: string, listener: (message: object) => void): void;
  write(message: object): void;
}

@Controller()
class ItemsController {
  @Get('me')
  me(@Principal('sub') sub: string) {
    return { sub };
  }

  @GrpcStreamCall('Items', 'Raw')
  raw(call: RawCall): void {
    call.on('data', (message) => call.write(message));
  }
}

@WebSocketGateway()
class ItemsGateway implements OnGatewayConnection {
  readonly #connections: ConnectionAuthenticator;

  constructor(@Inject(ConnectionAuthenticator) connections: ConnectionAuthenticator) {
    this.#connections = connections;
  }

  async handleConnection(client: object) {
    await this.#connections.authenticate(client);
  }

  @SubscribeMessage('me')
  me(@Principal('sub') sub: string) {
    return { event: 'me', data: sub };
  }
}

@Module({
  imports: [AuthModule.forRoot({ verifier })],
  controllers: [ItemsController],
  providers: [ItemsGateway],
})
class ProgramModule {}

const app = await NestFactory.create(ProgramModule, { logger: false });
app.useWebSocketAdapter(new IoAdapter(app));
app.connectMicroservice<MicroserviceOptions>({
  transport: Transport.GRPC,
  options: { package: 'items', protoPath, url: `127.0.0.1:${grpcPort}` },
});
await app.startAllMicroservices();
await app.listen(Number(port), '127.0.0.1');
