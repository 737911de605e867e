import { type AuthOverride, overrideAuth } from '@countersign/nest/testing';
import { INestApplication } from '@nestjs/common';
import { Test, TestingModuleBuilder } from '@nestjs/testing';
import request from 'supertest';
import { App } from 'supertest/types.js';
import { AppModule } from './app.module.js';

describe('ItemsController', () => {
  let app: INestApplication<App>;
  let auth: AuthOverride<TestingModuleBuilder>;

  beforeEach(async () => {
    auth = overrideAuth(Test.createTestingModule({ imports: [AppModule] }));
    const module = await auth.as({ sub: 'alice', scopes: ['items:read'] }).compile();

    app = module.createNestApplication();
    await app.init();
  });

  it('should return the items of the user, without a token', () => {
    return request(app.getHttpServer()).get('/items').expect(200).expect(['Milk of alice']);
  });

  it('should return the items of another user', () => {
    auth.as({ sub: 'bob', scopes: ['items:read'] });
    return request(app.getHttpServer()).get('/items').expect(200).expect(['Milk of bob']);
  });

  it('should deny a user without the scope', () => {
    auth.as({ sub: 'alice' });
    return request(app.getHttpServer())
      .get('/items')
      .expect(403)
      .expect('WWW-Authenticate', /scope="items:read"/);
  });

  it('should reject an anonymous request', () => {
    auth.as();
    return request(app.getHttpServer()).get('/items').expect(401);
  });

  afterEach(async () => {
    await app.close();
  });
});
