import type { Faults } from '../faults/faults.ts';
import type { ModelProvider } from './provider.ts';
import type { Scheduler } from './scheduler.ts';

interface NetworkOptions {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly provider: ModelProvider;
}

/** A response of the provider is slow with a probability of 1 in 8, so that other actions complete before it. */
const slowShare = 8;

/** Creates the function that sends requests to the provider. The scheduler chooses when they and their responses arrive. */
export function createProviderNetwork({ scheduler, faults, provider }: NetworkOptions) {
  return async (url: string, init: RequestInit): Promise<Response> => {
    const context = scheduler.getContext();
    const name = `provider ${new URL(url).pathname}`;
    if (faults.take('provider-unavailable'))
      return scheduler.step(`${name} is unavailable`, () => new Response(null, { status: 503 }));
    const isLost = faults.take('lost-provider-response') !== undefined;
    const { response, spend, onDelivered } = await scheduler.step(`${name} arrives`, () => {
      const result = provider.handle(url, init, context);
      if (isLost && result.spend) result.spend.outcome = 'lost';
      return result;
    });
    if (isLost) {
      await scheduler.step(`${name}: its response is lost`, () => {});
      if (scheduler.random.oneIn(2)) throw new TypeError('connection closed');
      return new Promise(() => {});
    }
    if (scheduler.random.oneIn(slowShare)) {
      const delay = 500 + scheduler.random.below(3_000);
      await new Promise((resolve) => scheduler.setTimer(() => resolve(undefined), delay, false));
    }
    await scheduler.step(`${name} returns`, () => {});
    if (spend) spend.outcome = 'delivered';
    onDelivered?.();
    return response;
  };
}
