import { type Moment, startApplication } from './application.ts';
import type { Order } from './workers.ts';

const { name, issuer, redisUrl, offset: start } = JSON.parse(process.env.CHAOS_WORKER ?? '{}');
let offset: number = start;
let dieAt: Moment | undefined;

const application = await startApplication({
  name,
  issuer,
  redisUrl,
  now: () => Date.now() + offset,
  onRefreshProgress(moment, request, text) {
    process.send?.({ moment, request, text });
    if (dieAt === moment) process.kill(process.pid, 'SIGKILL');
  },
  onStoreUnavailable: (port) => process.send?.({ storeOutage: port }),
});

async function execute(order: Order): Promise<unknown> {
  switch (order.what) {
    case 'requests':
      return Promise.all(
        Array.from({ length: order.count }, () =>
          application.request(
            order.kind,
            order.cookie,
            order.resource === undefined ? {} : { resource: order.resource },
          ),
        ),
      );
    case 'change':
      return application.change(order.kind, order.cookie, order.data);
    case 'logout': {
      const { cookies, failure } = await application.sessions[order.kind].startLogout(order.cookie);
      return { cookies, failure: failure?.code };
    }
    case 'clock':
      offset = order.offset;
      return undefined;
    case 'die-at':
      dieAt = order.moment;
      return undefined;
    case 'backchannel-logout': {
      const request = new Request('http://localhost:1/auth/backchannel-logout', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: order.body,
      });
      return (await application.sessions[order.kind].handle(request))?.status;
    }
  }
}

process.on('message', async ({ id, order }: { id: number; order: Order }) => {
  process.send?.({ id, result: await execute(order) });
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
