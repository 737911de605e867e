import { run } from '../../../../scripts/lib/processes/process.ts';

/** @throws Error with the end of the output if the command fails */
export async function execute(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { code, output } = await run({ command, args, cwd, env });
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} exited with code ${code}:\n${output.slice(-2000)}`);
}
