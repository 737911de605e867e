import { connect, type Socket } from 'node:net';
import type { Target } from './load.ts';

/** The connections to one target, and their results. */
export interface Lane {
  /**
   * Sends requests for `duration` milliseconds and waits for all responses. `rate` is in requests per second. Default: as
   * fast as the server responds.
   */
  run(duration: number, rate: number | undefined): Promise<void>;
  close(): void;
  /** Milliseconds from each request to its response. */
  readonly latencies: number[];
  /** Returns the count of responses with a status other than 200. */
  failures(): number;
  /** Returns the total duration of all runs in milliseconds. */
  elapsed(): number;
}

/** Milliseconds between two checks for due requests. A few requests are sent together, as in production. */
const checkInterval = 1;

// Sockets and requests are created in advance, so that this process is faster than the server.
export async function openLane({ port, requests }: Target, connections: number): Promise<Lane> {
  const texts = requests.map((request) => Buffer.from(request, 'latin1'));
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const idle = [...sockets];
  const sentAt = new Map<Socket, number>();
  const latencies: number[] = [];
  let failures = 0;
  let elapsed = 0;
  let sent = 0;
  /** Called when a socket has received its response. */
  let proceed = (_socket: Socket, _now: number) => {};

  const send = (socket: Socket, now: number) => {
    sentAt.set(socket, now);
    socket.write(texts[sent++ % texts.length] as Buffer);
  };
  for (const socket of sockets) {
    readResponses(socket, (ok) => {
      const now = performance.now();
      latencies.push(now - (sentAt.get(socket) as number));
      if (!ok) failures++;
      proceed(socket, now);
    });
  }

  return {
    latencies,
    failures: () => failures,
    elapsed: () => elapsed,
    close() {
      for (const socket of sockets) socket.destroy();
    },
    async run(duration, rate) {
      const start = performance.now();
      const end = start + duration;
      const sentBefore = sent;
      let checked = start;
      proceed = (socket, now) => {
        if (rate === undefined && now < end) send(socket, now);
        else idle.push(socket);
      };
      if (rate === undefined) for (const socket of idle.splice(0)) send(socket, start);
      // This process never sleeps while it waits. Otherwise the measured server would spend CPU time on waking it, and a
      // fast server more often than a slow one.
      for (let now = start; now < end || idle.length < sockets.length; now = performance.now()) {
        if (rate !== undefined && now < end && now - checked >= checkInterval) {
          checked = now;
          let due = Math.floor(((now - start) * rate) / 1000) - (sent - sentBefore);
          while (due-- > 0 && idle.length > 0) send(idle.pop() as Socket, now);
        }
        await waitForEventLoop();
      }
      elapsed += performance.now() - start;
    },
  };
}

const waitForEventLoop = () => new Promise<void>((resolve) => setImmediate(resolve));

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.setNoDelay(true);
    socket.once('error', reject);
  });
}

/** Calls back for each complete response. A socket has one response at a time. */
function readResponses(socket: Socket, onResponse: (ok: boolean) => void): void {
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
    if (!isComplete(text)) return;
    const ok = text.startsWith('HTTP/1.1 200');
    text = '';
    onResponse(ok);
  });
}

function isComplete(response: string): boolean {
  const head = response.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = /^content-length: (\d+)/im.exec(response.slice(0, head))?.[1];
  // Without a length, the response is chunked, and the last chunk is empty.
  return length === undefined
    ? response.endsWith('\r\n0\r\n\r\n')
    : response.length >= head + 4 + Number(length);
}
