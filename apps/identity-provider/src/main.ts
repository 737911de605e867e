import { fileRequestLog } from './request-log.ts';
import { startProvider } from './start.ts';
import { users } from './users.ts';

const env = process.env;

function port(name: string, fallback: number): number {
  const value = Number(env[name] || fallback);
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  throw new Error(`${name} is "${env[name]}"; it must be a port between 1 and 65535.`);
}

function accessTokenLife(): number {
  const life = Number(env.ACCESS_TOKEN_LIFE || 60);
  if (Number.isInteger(life) && life > 0) return life;
  throw new Error(`ACCESS_TOKEN_LIFE is "${env.ACCESS_TOKEN_LIFE}"; it must be a number of seconds.`);
}

try {
  const life = accessTokenLife();
  const running = await startProvider({
    port: port('IDENTITY_PROVIDER_PORT', 4000),
    ...(env.HOST && { host: env.HOST }),
    allowNonLoopback: env.ALLOW_NON_LOOPBACK === '1',
    ...(env.ISSUER && { issuer: env.ISSUER }),
    origins: {
      nextWeb: `http://localhost:${port('NEXT_WEB_PORT', 3000)}`,
      angularSpa: `http://localhost:${port('ANGULAR_SPA_PORT', 4200)}`,
    },
    accessTokenLife: life,
    ...(env.REQUEST_LOG && { requestLog: fileRequestLog(env.REQUEST_LOG) }),
  });
  console.log(
    `Identity provider at ${running.issuer}. FOR DEMONSTRATION ONLY: its users and passwords are public.`,
  );
  console.log(`Users: ${users.map((user) => user.login).join(', ')}. Access tokens live ${life} s.`);
  const stop = () => void running.close().then(() => process.exit(0));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.error(
    code === 'EADDRINUSE'
      ? `Port ${env.IDENTITY_PROVIDER_PORT || 4000} is taken; set IDENTITY_PROVIDER_PORT to another one.`
      : message,
  );
  process.exit(1);
}
