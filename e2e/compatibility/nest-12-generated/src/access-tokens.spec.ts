import { AuthModule } from '@countersign/nest';
import { createTestAuthorizationServer } from '@countersign/testing';
import { INestApplication } from '@nestjs/common';
import { Test, TestingModule } from '@nestjs/testing';
import request from 'supertest';
import { App } from 'supertest/types.js';
import { ItemsController } from './items.controller.js';

const audience = 'https://api.example.com';

describe('access tokens', () => {
  let app: INestApplication<App>;
  let server: Awaited<ReturnType<typeof createTestAuthorizationServer>>;

  beforeEach(async () => {
    server = await createTestAuthorizationServer({ resources: [audience] });
    const module: TestingModule = await Test.createTestingModule({
      imports: [
        AuthModule.forRoot({
          issuer: server.issuer,
          audience,
          fetch: server.fetch,
          now: server.clock.now,
        }),
      ],
      controllers: [ItemsController],
    }).compile();

    app = module.createNestApplication();
    await app.init();
  });

  const getItems = (token: string) =>
    request(app.getHttpServer()).get('/items').set('Authorization', `Bearer ${token}`);

  it('should accept a token with the scope', async () => {
    const token = await server.mintAccessToken({ sub: 'alice', scope: 'items:read' });
    await getItems(token).expect(200).expect(['Milk of alice']);
  });

  it('should deny a token without the scope', async () => {
    await getItems(await server.mintAccessToken({ sub: 'alice' })).expect(403);
  });

  it('should reject a token that another key has signed', async () => {
    const token = await server.mintAccessToken({ scope: 'items:read' }, { foreignKey: true });
    await getItems(token)
      .expect(401)
      .expect('WWW-Authenticate', /error="invalid_token"/);
  });

  it('should reject an expired token', async () => {
    const token = await server.mintAccessToken({ scope: 'items:read' });
    server.clock.advance(24 * 3600);
    await getItems(token).expect(401);
  });

  it('should reject a request without a token', async () => {
    await request(app.getHttpServer()).get('/items').expect(401);
  });

  afterEach(async () => {
    await app.close();
  });
});
