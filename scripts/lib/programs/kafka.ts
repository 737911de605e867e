import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run } from '../processes/process.ts';
import { findProgram, type SystemProgram } from './system-packages.ts';

/** The version that Maven downloads. */
const version = '3.9.1';

const java: SystemProgram = { title: 'Java', commands: ['java'], packages: [], variable: 'JAVA_PATH' };
const maven: SystemProgram = { title: 'Maven', commands: ['mvn'], packages: [], variable: 'MAVEN_PATH' };

/** Kafka itself, which is not a package: apt offers what downloads and runs it. */
export const kafka: SystemProgram = {
  title: 'Kafka',
  commands: [],
  packages: ['maven'],
  variable: 'KAFKA_JARS',
  optional: true,
  requiredInWorkflows: true,
};

/** The folder of the downloaded jars. */
const downloads = join(root, '.test/kafka');

/** A Kafka broker: Java 17 or newer, and the folder of its jars (`KAFKA_JARS`). */
export interface Kafka {
  readonly java: string;
  readonly jars: string;
}

export function findKafka(folder = downloads): Kafka | undefined {
  const program = findProgram(java);
  const folders = [process.env.KAFKA_JARS, join(folder, 'jars')];
  const jars = folders.find((each) => each !== undefined && each !== '' && hasKafka(each));
  return program === undefined || jars === undefined ? undefined : { java: program, jars };
}

/**
 * Finds Kafka, or downloads it if Java and Maven are installed.
 *
 * @throws Error with the output of Maven if the download fails
 */
export async function provideKafka(
  update: (detail: string) => void,
  folder = downloads,
): Promise<Kafka | undefined> {
  const installation = findKafka(folder);
  const program = findProgram(maven);
  if (installation || program === undefined || findProgram(java) === undefined) return installation;
  update('mvn dependency:copy-dependencies (Kafka)');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'pom.xml'), project);
  const { output } = await run({
    command: program,
    args: ['--quiet', '--batch-mode', 'dependency:copy-dependencies', '-DoutputDirectory=jars'],
    cwd: folder,
  });
  const downloaded = findKafka(folder);
  if (!downloaded) throw new Error(`mvn could not download Kafka:\n${output.slice(-2000)}`);
  return downloaded;
}

function hasKafka(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((name) => /^kafka_[\d.]+-[\d.]+\.jar$/.test(name));
}

const project = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`;
