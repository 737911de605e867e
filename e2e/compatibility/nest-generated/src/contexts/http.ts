import { Readable } from 'node:stream';
import { Principal, Public, RequireScopes } from '@countersign/nest';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Post,
  Sse,
  StreamableFile,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { LazyModuleLoader, RouterModule } from '@nestjs/core';
import { of } from 'rxjs';

/** Handlers without a decorator require a token: they are closed by default. */
@Controller({ path: 'items', version: '1' })
export class ItemsController {
  @Get()
  list(@Principal('sub') sub: string) {
    return { text: sub };
  }

  @RequireScopes('items:write')
  @Post()
  add(@Principal('sub') sub: string) {
    return { text: sub };
  }

  @Public()
  @Get('open')
  open() {
    return { text: 'open' };
  }

  @Get('file')
  file() {
    return new StreamableFile(Readable.from(['file']));
  }

  @RequireScopes('items:write')
  @Get('secret-file')
  secretFile() {
    return new StreamableFile(Readable.from(['file']));
  }

  @Sse('events')
  events() {
    return of({ data: 'event' });
  }

  @RequireScopes('items:write')
  @Sse('secret-events')
  secretEvents() {
    return of({ data: 'event' });
  }
}

@Controller({ path: 'items', version: '2' })
export class NextItemsController {
  @RequireScopes('items:write')
  @Get()
  list() {
    return { text: 'second version' };
  }
}

/** The routes are excluded from the global prefix. */
@Controller({ path: 'health', version: VERSION_NEUTRAL })
export class HealthController {
  @Public()
  @Get()
  check() {
    return { text: 'ok' };
  }

  @Get('details')
  details() {
    return { text: 'details' };
  }
}

@Controller({ path: 'hosted', host: 'partners.example.test', version: VERSION_NEUTRAL })
export class PartnersController {
  @RequireScopes('items:write')
  @Get()
  list() {
    return { text: 'partners' };
  }
}

@Controller({ path: 'users', version: VERSION_NEUTRAL })
export class UsersController {
  @Get()
  list() {
    return { text: 'users' };
  }

  @RequireScopes('items:write')
  @Post()
  add() {
    return { text: 'users' };
  }
}

@Module({ controllers: [UsersController] })
class UsersModule {}

@Injectable()
class LazyService {
  readonly text = 'lazy';
}

@Module({ providers: [LazyService], exports: [LazyService] })
class LazyModule {}

@Controller({ path: 'lazy', version: VERSION_NEUTRAL })
export class LazyController {
  constructor(private readonly loader: LazyModuleLoader) {}

  @RequireScopes('items:write')
  @Get()
  async load() {
    const module = await this.loader.load(() => LazyModule);
    return { text: module.get(LazyService).text };
  }
}

@Module({
  imports: [UsersModule, RouterModule.register([{ path: 'admin', module: UsersModule }])],
  controllers: [ItemsController, NextItemsController, HealthController, PartnersController, LazyController],
})
export class HttpModule {}
