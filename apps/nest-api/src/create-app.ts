import { accessTokenCors } from '@countersign/nest';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createAppModule } from './app.module.ts';
import { setUpDocsPage } from './docs-page.ts';
import { connectReplayStore } from './replay-store.ts';
import type { Settings } from './settings.ts';

/** Creates the API. It does not listen yet. */
export async function createApp(settings: Settings): Promise<NestExpressApplication> {
  const shared = settings.redisUrl === undefined ? undefined : await connectReplayStore(settings.redisUrl);
  const app = await NestFactory.create<NestExpressApplication>(
    createAppModule(settings, shared?.replayStore),
    {
      logger: ['error', 'warn'],
      abortOnError: false,
    },
  );
  app.disable('x-powered-by');
  app.enableCors(
    accessTokenCors({
      origin: [...settings.corsOrigins],
      methods: ['GET', 'POST', 'DELETE'],
      allowedHeaders: ['content-type'],
      maxAge: 600,
    }),
  );
  app.enableShutdownHooks();
  app.getHttpServer().once('close', () => shared?.close());

  setUpDocsPage(app, settings);
  return app;
}
