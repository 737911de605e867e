import { createServer } from 'node:http';
import next from 'next';

// A custom server instead of `next start`.
const port = Number(process.env.PORT);
const app = next({ dev: false, hostname: 'localhost', port });
await app.prepare();
const handle = app.getRequestHandler();
createServer((request, response) => handle(request, response)).listen(port, 'localhost');
