import { AuthModule } from '@countersign/nest';
import { Module } from '@nestjs/common';
import { AppController } from './app.controller';
import { AppService } from './app.service';
import { ItemsController } from './items.controller';

@Module({
  imports: [AuthModule.forRoot({ issuer: 'https://login.example.com', audience: 'https://api.example.com' })],
  controllers: [AppController, ItemsController],
  providers: [AppService],
})
export class AppModule {}
