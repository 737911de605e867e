/** Milliseconds for which commands fail immediately after one that received no reply. */
const pause = 1_000;

/** Whether a server replies. All stores of a client share it. */
export interface Responsiveness {
  /** False while other commands wait for a reply or fail immediately. After each pause, it is true for one command. */
  maySend(commandTimeout: number): boolean;
  /** A reply has arrived, late or not. */
  onReply(): void;
  onTimeout(): void;
}

const responsivenessByClient = new WeakMap<object, Responsiveness>();

/** Without it, each request waits for the whole time limit of a command while the server does not reply. */
export function findResponsiveness(client: object): Responsiveness {
  let responsiveness = responsivenessByClient.get(client);
  if (responsiveness === undefined) {
    responsiveness = createResponsiveness();
    responsivenessByClient.set(client, responsiveness);
  }
  return responsiveness;
}

function createResponsiveness(): Responsiveness {
  let isSilent = false;
  let nextAttempt = 0;
  return {
    maySend(commandTimeout) {
      if (!isSilent) return true;
      const now = performance.now();
      if (now < nextAttempt) return false;
      nextAttempt = now + commandTimeout;
      return true;
    },
    onReply() {
      isSilent = false;
    },
    onTimeout() {
      isSilent = true;
      nextAttempt = performance.now() + pause;
    },
  };
}
