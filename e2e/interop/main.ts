import { findFreePort } from '../../scripts/lib/processes/ports.ts';
import { stopAll } from '../../scripts/lib/processes/process.ts';
import { isWorkflow } from '../../scripts/lib/programs/system-packages.ts';
import { checks } from './checks/checks.ts';
import { type CheckName, checkTitles, type InteropServer } from './server.ts';
import { servers } from './servers.ts';
import { startApplication } from './support/application.ts';
import { startCountingProxy } from './support/counting-proxy.ts';

interface Report {
  readonly lines: string[];
  passed: number;
  failed: number;
}

/** Installs the servers one after the other: apt and Maven lock their files. Returns why a server is missing. */
async function provideServers(kinds: readonly InteropServer[]) {
  const problems = new Map<InteropServer, string>();
  for (const kind of kinds) {
    const began = Date.now();
    const problem = await kind.provide().catch((error: Error) => error.message);
    if (problem !== undefined) problems.set(kind, problem);
    if (Date.now() - began > 1000) console.log(`  ${kind.name}: installed in ${seconds(Date.now() - began)}`);
  }
  return problems;
}

/** Runs the checks of one server, and prints the result at the end: servers run at the same time. */
async function checkServer(kind: InteropServer): Promise<Report> {
  const began = Date.now();
  const report: Report = { lines: [], passed: 0, failed: 0 };
  const fail = (line: string, error: unknown) => {
    report.failed += 1;
    const reason = error instanceof Error ? error.message : String(error);
    report.lines.push(`    ✗ ${line}`, indent(reason));
  };
  const title = `${kind.name} ${kind.version}`;
  try {
    const [publicPort, port, applicationPort] = [
      await findFreePort(),
      await findFreePort(),
      await findFreePort(),
    ];
    const proxy = await startCountingProxy(publicPort, port);
    const application = await startApplication(applicationPort);
    const server = await kind.start({ origin: proxy.origin, port, application: application.origin });
    const startTime = Date.now() - began;
    try {
      for (const name of Object.keys(checkTitles) as CheckName[]) {
        const reason = kind.unsupported[name];
        if (reason !== undefined) {
          report.lines.push(`    - not checked: ${checkTitles[name]}: ${reason}`);
          continue;
        }
        try {
          await checks[name]({ server, application, proxy });
          report.passed += 1;
          report.lines.push(`    ✓ ${checkTitles[name]}`);
        } catch (error) {
          fail(checkTitles[name], error);
        }
      }
    } finally {
      if (report.failed > 0) report.lines.push('    its output ends with', indent(server.readLog()));
      application.close();
      proxy.close();
      await server.stop();
    }
    report.lines.push(`    ready after ${seconds(startTime)}`);
  } catch (error) {
    fail('starts', error);
  } finally {
    report.lines.unshift(
      `  ${title}: ${report.passed} passed, ${report.failed} failed, ${seconds(Date.now() - began)}`,
    );
    console.log(report.lines.join('\n'));
  }
  return report;
}

const indent = (text: string) => text.slice(-3000).replace(/^/gm, '        ');
const seconds = (milliseconds: number) => `${Math.round(milliseconds / 1000)} s`;

const names = process.argv.slice(2);
const selected = servers.filter(({ name }) => names.length === 0 || names.includes(name));
const problems = await provideServers(selected);
const reports = await Promise.all(selected.filter((kind) => !problems.has(kind)).map(checkServer));
for (const [{ name, version }, problem] of problems)
  console.log(`  ${isWorkflow() ? '✗' : '-'} not run: ${name} ${version}\n${indent(problem)}`);

await stopAll();
const count = (key: 'passed' | 'failed') => reports.reduce((sum, report) => sum + report[key], 0);
const failures = count('failed') + (isWorkflow() ? problems.size : 0);
console.log(`${count('passed')} passed, ${failures} failed`);
process.exit(failures === 0 && count('passed') > 0 ? 0 : 1);
