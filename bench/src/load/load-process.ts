import { connect, type Socket } from 'node:net';
import { quantile } from '../statistics.ts';

/** What to send, for how long, and how fast. */
export interface Load {
  readonly port: number;
  /** Whole HTTP/1.1 requests, sent in turns. */
  readonly requests: readonly string[];
  readonly connections: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Requests a second; as many as the server answers when it is left out. */
  readonly rate?: number;
}

export interface LoadResult {
  readonly requests: number;
  /** Answers that were not 200. */
  readonly failures: number;
  /** Milliseconds that it really took. */
  readonly elapsed: number;
  /** Milliseconds within which 99 of 100 requests were answered. */
  readonly p99: number;
}

// Sockets and requests made ahead, so that this process asks faster than the server can answer.
process.on('message', async (load: Load) => process.send?.(await run(load)));
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function run({ port, requests, connections, duration, rate }: Load): Promise<LoadResult> {
  const texts = requests.map((request) => Buffer.from(request, 'latin1'));
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const idle = [...sockets];
  const sentAt = new Map<Socket, number>();
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + duration;
  let sent = 0;
  let failures = 0;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const send = (socket: Socket, now: number) => {
    sentAt.set(socket, now);
    socket.write(texts[sent++ % texts.length] as Buffer);
  };
  for (const socket of sockets) {
    readAnswers(socket, (ok) => {
      const now = performance.now();
      latencies.push(now - (sentAt.get(socket) as number));
      if (!ok) failures++;
      const over = now >= end;
      if (rate === undefined && !over) send(socket, now);
      else idle.push(socket);
      if (over && latencies.length === sent) finish();
    });
  }
  let timer: NodeJS.Timeout | undefined;
  if (rate === undefined) for (const socket of idle.splice(0)) send(socket, start);
  else {
    timer = setInterval(() => {
      const now = performance.now();
      if (now >= end) {
        if (latencies.length === sent) finish();
        return;
      }
      let due = Math.floor(((now - start) * rate) / 1000) - sent;
      while (due-- > 0 && idle.length > 0) send(idle.pop() as Socket, now);
    }, 1);
  }
  // To be woken costs the server that writes to this process, and a fast server pays it more often than a slow one:
  // so this process does not sleep while the server works as fast as it can.
  let spinning = rate === undefined;
  const spin = () => {
    if (spinning) setImmediate(spin);
  };
  spin();
  await finished;
  spinning = false;
  clearInterval(timer);
  const elapsed = performance.now() - start;
  for (const socket of sockets) socket.destroy();
  const sorted = latencies.sort((a, b) => a - b);
  return { requests: sorted.length, failures, elapsed, p99: quantile(sorted, 0.99) };
}

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
