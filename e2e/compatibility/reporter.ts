import type { TestEvent } from 'node:test/reporters';

/** Prints one line of JSON for each test, with its suites in its name: `{ name, passed, detail? }`. */
export default async function* reporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const suites: string[] = [];
  for await (const event of events) {
    if (event.type === 'test:start') suites.length = event.data.nesting;
    if (event.type === 'test:start') suites.push(event.data.name);
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, nesting, details, skip, todo } = event.data;
    const notRun = skip !== undefined ? 'skipped' : todo !== undefined ? 'todo' : undefined;
    const passed = event.type === 'test:pass' && notRun === undefined;
    const error = event.type === 'test:fail' ? event.data.details.error : undefined;
    // A failure of a suite counts only if it is not a failure of its tests, such as a failed hook.
    if (details.type === 'suite' && (passed || error?.failureType === 'subtestsFailed')) continue;
    const cause = error?.cause instanceof Error ? error.cause : error;
    const detail = (notRun ?? cause?.message)?.slice(0, 1000);
    yield `${JSON.stringify({ name: [...suites.slice(0, nesting), name].join(' '), passed, detail })}\n`;
  }
}
