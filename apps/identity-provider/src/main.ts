import { optionsFromEnvironment } from './config.ts';
import { startProvider } from './start.ts';
import { users } from './users.ts';

try {
  const options = optionsFromEnvironment(process.env);
  const { issuer, close } = await start(options);
  const logins = users.map(({ login }) => login).join(' and ');
  console.log(`OpenID provider at ${issuer}
FOR DEMONSTRATION ONLY: its users (${logins}) have public passwords, and it forgets everything when it stops.
Access tokens live ${options.accessTokenLife} seconds.`);
  const stop = () => void close().then(() => process.exit(0));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function start(options: ReturnType<typeof optionsFromEnvironment>) {
  try {
    return await startProvider(options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${options.port} is taken; set IDENTITY_PROVIDER_PORT to another one.`, {
      cause: error,
    });
  }
}
