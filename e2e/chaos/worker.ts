import { type Moment, startApplication } from './application.ts';
import { servePages } from './pages.ts';
import type { Command } from './workers.ts';

const { name, issuer, redisUrl, offset: start, timeout } = JSON.parse(process.env.CHAOS_WORKER ?? '{}');
let offset: number = start;
let killAt: Moment | undefined;

const application = await startApplication({
  name,
  issuer,
  redisUrl,
  timeout,
  now: () => Date.now() + offset,
  onRefreshProgress(moment, request, text) {
    process.send?.({ moment, request, text });
    if (killAt === moment) process.kill(process.pid, 'SIGKILL');
  },
  onStoreUnavailable: (port) => process.send?.({ storeOutage: port }),
});

async function execute(command: Command): Promise<unknown> {
  switch (command.what) {
    case 'requests':
      return Promise.all(
        Array.from({ length: command.count }, () =>
          application.request(
            command.kind,
            command.cookie,
            command.resource === undefined ? {} : { resource: command.resource },
          ),
        ),
      );
    case 'change':
      return application.change(command.kind, command.cookie, command.data);
    case 'logout': {
      const { cookies, failure } = await application.sessions[command.kind].startLogout(command.cookie);
      return { cookies, failure: failure?.code };
    }
    case 'clock':
      offset = command.offset;
      return undefined;
    case 'kill-at':
      killAt = command.moment;
      return undefined;
    case 'backchannel-logout': {
      const request = new Request('http://localhost:1/auth/backchannel-logout', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: command.body,
      });
      return (await application.sessions[command.kind].handle(request))?.status;
    }
  }
}

process.on('message', async ({ id, command }: { id: number; command: Command }) => {
  process.send?.({ id, result: await execute(command) });
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true, origins: await servePages(application) });
