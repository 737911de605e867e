import type { ModelProcess, Scheduler } from '../../simulation/scheduler.ts';

/** The `BroadcastChannel` objects of a browser. */
export interface TabChannels {
  /** Creates the class for a page. */
  create(page: ModelProcess): unknown;
}

/** @param isDelivered false: the defect that messages of a logout are lost */
export function createTabChannels(
  scheduler: Scheduler,
  { isDelivered = () => true }: { readonly isDelivered?: (type: string) => boolean } = {},
): TabChannels {
  interface Receiver {
    readonly name: string;
    readonly page: ModelProcess;
    readonly queue: unknown[];
    deliver(data: unknown): void;
  }
  const receivers = new Set<Receiver>();

  return {
    create: (page) =>
      class {
        onmessage: ((event: { readonly data: unknown }) => void) | undefined;
        readonly receiver: Receiver;
        constructor(name: string) {
          const deliver = (data: unknown) => this.onmessage?.({ data });
          this.receiver = { name, page, queue: [], deliver };
          receivers.add(this.receiver);
        }
        postMessage(data: { readonly type: string }) {
          if (!isDelivered(data.type)) return;
          for (const receiver of receivers) {
            const { name, page: target, queue } = receiver;
            if (receiver === this.receiver || name !== this.receiver.name || !target.isAlive) continue;
            queue.push(structuredClone(data));
            // Messages reach a page in their order. The oldest one is delivered.
            scheduler.runIn({ process: target, action: 'messages' }, () =>
              scheduler.step(`receives a message "${(queue.at(-1) as typeof data).type}"`, () => {
                if (receivers.has(receiver)) receiver.deliver(queue.shift());
              }),
            );
          }
        }
        close() {
          receivers.delete(this.receiver);
        }
      },
  };
}
