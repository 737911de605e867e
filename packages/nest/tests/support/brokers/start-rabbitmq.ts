import { join } from 'node:path';
import { findFreePort } from '../../../../../scripts/lib/processes/ports.ts';
import { type Program, startProgram } from '../start/start-program.ts';

/**
 * Starts RabbitMQ with its own port mapper, node name, data and cookie, so that it is separate from other nodes.
 * RabbitMQ would start a port mapper (`epmd`) that continues to run; this one stops with it.
 */
export async function startRabbitMq(command: string): Promise<Program> {
  const mapper = await startProgram('epmd', (port) => ['-address', '127.0.0.1', '-port', String(port)]);
  const distributionPort = String(await findFreePort());
  try {
    const server = await startProgram(command, () => [], {
      env: (directory, port) => ({
        HOME: directory,
        ERL_EPMD_ADDRESS: '127.0.0.1',
        ERL_EPMD_PORT: String(mapper.port),
        RABBITMQ_CONF_ENV_FILE: join(directory, 'none'),
        RABBITMQ_CONFIG_FILE: join(directory, 'none'),
        RABBITMQ_DIST_PORT: distributionPort,
        RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'plugins'),
        RABBITMQ_LOG_BASE: directory,
        RABBITMQ_LOGS: '-',
        RABBITMQ_MNESIA_BASE: join(directory, 'data'),
        RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
        RABBITMQ_NODE_PORT: String(port),
        RABBITMQ_NODENAME: `nest-test-${port}@localhost`,
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
      }),
    });
    const stop = async () => {
      await server.stop();
      await mapper.stop();
    };
    return { port: server.port, stop };
  } catch (error) {
    await mapper.stop();
    throw error;
  }
}
