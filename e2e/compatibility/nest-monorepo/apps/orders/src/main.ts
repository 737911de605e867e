import { accessReport, formatAccessReport } from '@countersign/nest';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.init();
  console.log(formatAccessReport(accessReport(app)));
  await app.listen(process.env.PORT ?? 3000);
}
void bootstrap();
