import { connect, type Socket } from 'node:net';

/** What to send, for how long, and how fast. */
export interface Load {
  readonly port: number;
  readonly tokens: readonly string[];
  readonly connections: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Requests a second; as many as the server answers when it is left out. */
  readonly rate?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly failures: number;
  /** Milliseconds that it really took. */
  readonly elapsed: number;
}

// Sockets and requests made ahead, so that this process asks faster than the server can answer.
process.on('message', async (load: Load) => process.send?.(await run(load)));
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function run({ port, tokens, connections, duration, rate }: Load): Promise<LoadResult> {
  const requests = tokens.map((token) =>
    Buffer.from(
      `GET /items HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nAccept: application/json\r\n\r\n`,
    ),
  );
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const idle = [...sockets];
  const start = performance.now();
  const end = start + duration;
  let sent = 0;
  let answered = 0;
  let failures = 0;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const send = (socket: Socket) => {
    socket.write(requests[sent++ % requests.length] as Buffer);
  };
  for (const socket of sockets) {
    readAnswers(socket, (ok) => {
      answered++;
      if (!ok) failures++;
      const over = performance.now() >= end;
      if (rate === undefined && !over) send(socket);
      else idle.push(socket);
      if (over && answered === sent) finish();
    });
  }
  let timer: NodeJS.Timeout | undefined;
  if (rate === undefined) for (const socket of idle.splice(0)) send(socket);
  else {
    timer = setInterval(() => {
      const now = performance.now();
      if (now >= end) {
        if (answered === sent) finish();
        return;
      }
      let due = Math.floor(((now - start) * rate) / 1000) - sent;
      while (due-- > 0 && idle.length > 0) send(idle.pop() as Socket);
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
  return { requests: answered, failures, elapsed };
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
    const head = text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
    if (text.length < head + 4 + length) return;
    const ok = text.startsWith('HTTP/1.1 200');
    text = '';
    onAnswer(ok);
  });
}
