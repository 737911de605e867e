import { expect, test } from 'vitest';
import { listStackFrames } from './stack-frames.ts';

// Only V8 writes the message into the stack.
const frames = ['    at first (file:///a.ts:1:2)', '    at async second (file:///b.ts:3:4)'];

const createError = (header: string, message: string) =>
  Object.assign(new Error(message), { stack: [header, ...frames].join('\n') });

const forgedFrame = 'x\n    at secret (file:///c.ts:5:6)';

test.each([
  ['a message', 'Error: text', 'text'],
  ['no message', 'Error', ''],
  ['no name', 'text', 'text'],
  ['a code', 'TypeError [ERR_INVALID_URL]: Invalid URL', 'Invalid URL'],
  ['a name with a dot', 'oauth.Error: text', 'text'],
  ['a message that is a part of its name', 'Error: r', 'r'],
  ['a message that is equal to its name', 'Error: Error', 'Error'],
  ['a colon as message', 'Error: :', ':'],
  ['a message with several lines', `Error: ${forgedFrame}`, forgedFrame],
])('lists the frames of an error with %s', (_, header, message) => {
  expect(listStackFrames(createError(header, message))).toEqual(frames);
});

test.each([
  ['has changed', `Error: ${forgedFrame}`, 'changed'],
  ['is now the end of the previous one', `Error: y ${forgedFrame}`, forgedFrame],
  ['was removed', `Error: ${forgedFrame}`, ''],
  ['is now a part of the stack', `Error: ${forgedFrame}`, 'first'],
])('lists no frame of an error whose message %s', (_, header, message) => {
  expect(listStackFrames(createError(header, message)).join()).not.toContain('secret');
});

test('lists at most ten frames', () => {
  const error = Object.assign(new Error('text'), { stack: `Error: text${'\n    at a (b)'.repeat(50)}` });
  expect(listStackFrames(error)).toHaveLength(10);
  expect(listStackFrames(Object.assign(new Error('text'), { stack: undefined }))).toEqual([]);
});
