import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { kafka } from '../lib/programs/kafka.ts';
import {
  findMissingInWorkflow,
  mosquitto,
  nats,
  rabbitmq,
  type SystemProgram,
  valkey,
} from '../lib/programs/system-packages.ts';

const brokers = [nats, mosquitto, rabbitmq, kafka];
const find = async (
  programs: readonly SystemProgram[],
  isFound: (program: SystemProgram) => boolean = () => false,
) => (await findMissingInWorkflow(programs, isFound)).map(({ title }) => title);

describe('missing brokers', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'programs-'));
    // Offers all packages except that of Mosquitto.
    writeFileSync(join(folder, 'apt-cache'), '#!/bin/sh\n[ "$2" != mosquitto ]\n');
    chmodSync(join(folder, 'apt-cache'), 0o755);
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  test('are an error in a workflow that can install them', async () => {
    vi.stubEnv('CI', 'true');
    expect(await find(brokers)).toEqual(['NATS', 'RabbitMQ', 'Kafka']);
    expect(await find(brokers, ({ title }) => title === 'NATS')).toEqual(['RabbitMQ', 'Kafka']);
  });

  test('cause no error where apt does not offer them or does not exist', async () => {
    vi.stubEnv('CI', 'true');
    expect(await find([mosquitto])).toEqual([]);
    vi.stubEnv('PATH', '/nonexistent');
    expect(await find(brokers)).toEqual([]);
  });

  test('cause no error outside workflows; other optional programs never do', async () => {
    vi.stubEnv('CI', '');
    expect(await find(brokers)).toEqual([]);
    vi.stubEnv('CI', 'true');
    expect(await find([valkey])).toEqual([]);
  });
});
