import type { INestApplication, Type } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { type StartOptions, startApp } from './start-app.ts';

/** Starts an application of one controller with a message transport. */
export const startMicroservice = (
  controller: Type,
  options: MicroserviceOptions,
  { listen, ...start }: StartOptions & { readonly listen: (app: INestApplication) => void },
) =>
  startApp(
    { controllers: [controller] },
    {
      ...start,
      before: async (app) => {
        app.connectMicroservice(options, { inheritAppConfig: false });
        listen(app);
        await app.startAllMicroservices();
      },
    },
  );
