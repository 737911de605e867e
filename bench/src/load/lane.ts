import { connect, type Socket } from 'node:net';
import type { Target } from './load-process.ts';

/** The connections to one target, and what came of them. */
export interface Lane {
  /** Sends for so many milliseconds, `rate` requests a second or as many as are answered, and waits for all answers. */
  run(duration: number, rate: number | undefined): Promise<void>;
  close(): void;
  /** Milliseconds from each request to its answer. */
  readonly latencies: number[];
  /** How many answers were not 200. */
  failures(): number;
  /** Milliseconds of all runs together. */
  elapsed(): number;
}

/** Milliseconds between two looks at what is due, so that a few requests come at a time, as they do in life. */
const beat = 1;

// Sockets and requests made ahead, so that this process asks faster than the server can answer.
export async function openLane({ port, requests }: Target, connections: number): Promise<Lane> {
  const texts = requests.map((request) => Buffer.from(request, 'latin1'));
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const idle = [...sockets];
  const sentAt = new Map<Socket, number>();
  const latencies: number[] = [];
  let failures = 0;
  let elapsed = 0;
  let sent = 0;
  /** Called when a socket has its answer. */
  let proceed = (_socket: Socket, _now: number) => {};

  const send = (socket: Socket, now: number) => {
    sentAt.set(socket, now);
    socket.write(texts[sent++ % texts.length] as Buffer);
  };
  for (const socket of sockets) {
    readAnswers(socket, (ok) => {
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
      let looked = start;
      proceed = (socket, now) => {
        if (rate === undefined && now < end) send(socket, now);
        else idle.push(socket);
      };
      if (rate === undefined) for (const socket of idle.splice(0)) send(socket, start);
      // To be woken costs the server that writes to this process, and a fast server pays it more often than a slow
      // one: so this process never sleeps while it waits.
      for (let now = start; now < end || idle.length < sockets.length; now = performance.now()) {
        if (rate !== undefined && now < end && now - looked >= beat) {
          looked = now;
          let due = Math.floor(((now - start) * rate) / 1000) - (sent - sentBefore);
          while (due-- > 0 && idle.length > 0) send(idle.pop() as Socket, now);
        }
        await nextTurnOfTheLoop();
      }
      elapsed += performance.now() - start;
    },
  };
}

const nextTurnOfTheLoop = () => new Promise<void>((resolve) => setImmediate(resolve));

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.setNoDelay(true);
    socket.once('error', reject);
  });
}

/** Calls back for each whole answer: there is one at a time on a socket. */
function readAnswers(socket: Socket, onAnswer: (ok: boolean) => void): void {
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
    if (!isWhole(text)) return;
    const ok = text.startsWith('HTTP/1.1 200');
    text = '';
    onAnswer(ok);
  });
}

function isWhole(answer: string): boolean {
  const head = answer.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = /^content-length: (\d+)/im.exec(answer.slice(0, head))?.[1];
  // Without a length it comes in chunks, of which the last is empty.
  return length === undefined ? answer.endsWith('\r\n0\r\n\r\n') : answer.length >= head + 4 + Number(length);
}
