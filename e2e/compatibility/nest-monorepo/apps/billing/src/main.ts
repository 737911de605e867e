import { accessReport, formatAccessReport } from '@countersign/nest';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { BillingModule } from './billing.module.js';

async function bootstrap() {
  const app = await NestFactory.create(BillingModule, new FastifyAdapter());
  await app.init();
  console.log(formatAccessReport(accessReport(app)));
  await app.listen(process.env.port ?? 3000);
}
void bootstrap();
