import 'reflect-metadata';
import { ACCESS_TOKEN_VERIFIER, AuthModule } from '@countersign/nest';
import { overrideAuth } from '@countersign/nest/testing';
import { Test } from '@nestjs/testing';

declare const test: (name: string, run: () => Promise<void>) => void;
declare const expect: (value: unknown) => { toBe(expected: unknown): void };

test('nest', async () => {
  const builder = Test.createTestingModule({
    imports: [AuthModule.forRoot({ issuer: 'https://id.example', audience: 'https://api.example' })],
  });
  const module = await overrideAuth(builder).as({ sub: 'alice' }).compile();
  expect((await module.get(ACCESS_TOKEN_VERIFIER).verifyToken('any')).sub).toBe('alice');
});
