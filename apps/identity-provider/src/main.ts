import { readOptions } from './config.ts';
import { users } from './data/users.ts';
import { startProvider } from './start.ts';

try {
  const options = readOptions(process.env);
  const { issuer, close } = await start(options);
  const logins = users.map(({ login }) => login).join(' and ');
  console.log(`OpenID provider at ${issuer}
FOR DEMONSTRATION ONLY: the passwords of its users (${logins}) are public, and all data is lost when it stops.
Access tokens are valid for ${options.accessTokenLifetime} seconds.`);
  const stop = () => void close().then(() => process.exit(0));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function start(options: ReturnType<typeof readOptions>) {
  try {
    return await startProvider(options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${options.port} is in use. Set IDENTITY_PROVIDER_PORT to another port.`, {
      cause: error,
    });
  }
}
