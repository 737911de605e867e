import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Admin, Kafka as KafkaClient, logLevel } from 'kafkajs';
import { findFreePort } from '../../../../../scripts/lib/processes/ports.ts';
import type { Kafka } from '../../../../../scripts/lib/programs/kafka.ts';
import { type Program, startProgram } from '../start/start-program.ts';

const host = '127.0.0.1';

/** Starts a Kafka broker of one node, which is its own controller (KRaft), and creates topics of one partition. */
export async function startKafka({ java, jars }: Kafka, topics: readonly string[]): Promise<Program> {
  const classPath = ['-cp', join(jars, '*')];
  const controllerPort = await findFreePort();
  const program = await startProgram(
    java,
    () => ['-Xmx256m', '-XX:TieredStopAtLevel=1', ...classPath, 'kafka.Kafka', 'server.properties'],
    {
      prepare(cwd, port) {
        writeFileSync(join(cwd, 'server.properties'), properties(port, controllerPort));
        const id = randomBytes(16);
        // A text that begins with a hyphen would be an option of the command.
        id[0] = 0;
        const cluster = id.toString('base64url');
        const format = ['kafka.tools.StorageTool', 'format', '-t', cluster, '-c', 'server.properties'];
        execFileSync(java, [...classPath, ...format], { cwd, stdio: 'ignore' });
      },
    },
  );
  try {
    await createTopics(program.port, topics);
  } catch (error) {
    await program.stop();
    throw error;
  }
  return program;
}

async function createTopics(port: number, topics: readonly string[]): Promise<void> {
  const brokers = [`${host}:${port}`];
  const admin = new KafkaClient({ brokers, retry: { retries: 50 }, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.createTopics({ waitForLeaders: true, topics: topics.map((topic) => ({ topic })) });
    await waitForGroups(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Creates the topic of offsets with a first request. Before it exists, consumers log errors. */
async function waitForGroups(admin: Admin): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    try {
      await admin.fetchOffsets({ groupId: 'none' });
      return;
    } catch (error) {
      if ((error as { retriable?: boolean }).retriable !== true) throw error;
      await delay(50);
    }
  }
  throw new Error('Kafka did not become ready for consumer groups');
}

const properties = (port: number, controllerPort: number) => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@${host}:${controllerPort}
listeners=PLAINTEXT://${host}:${port},CONTROLLER://${host}:${controllerPort}
advertised.listeners=PLAINTEXT://${host}:${port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=data
auto.create.topics.enable=false
num.partitions=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
group.initial.rebalance.delay.ms=0
`;
