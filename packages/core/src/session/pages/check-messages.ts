import { ConfigurationError } from '../../errors.ts';
import { describeValue, discardPromise, isTextObject } from './text-values.ts';

/**
 * Checks the types of the option `messages`. What a function returns is checked at each call.
 *
 * @throws ConfigurationError if a value has a wrong type
 */
export function checkMessages(option: unknown): void {
  if (option === undefined || typeof option === 'function') return;
  const byLanguage = requireObject(option, 'messages', 'a function, or an object of texts by language');
  for (const [tag, messages] of Object.entries(byLanguage)) {
    const path = `messages.${tag}`;
    const { language, direction, labels, pages } = requireObject(messages, path, 'an object of texts');
    requireText(language, `${path}.language`);
    requireText(direction, `${path}.direction`);
    requireTexts(labels, `${path}.labels`);
    if (pages === undefined) continue;
    const texts = requireObject(pages, `${path}.pages`, 'an object of texts by page');
    for (const [page, text] of Object.entries(texts)) requireTexts(text, `${path}.pages.${page}`);
  }
}

function requireTexts(value: unknown, path: string): void {
  if (value === undefined) return;
  for (const [name, text] of Object.entries(requireObject(value, path, 'an object of texts')))
    requireText(text, `${path}.${name}`);
}

function requireText(value: unknown, path: string): void {
  if (value !== undefined && typeof value !== 'string') throw createTypeError(value, path, 'a text');
}

function requireObject(value: unknown, path: string, expected: string): Record<string, unknown> {
  if (isTextObject(value)) return value;
  throw createTypeError(value, path, expected);
}

function createTypeError(value: unknown, path: string, expected: string): ConfigurationError {
  const actual = discardPromise(value) ? 'a promise' : describeValue(value);
  return new ConfigurationError('invalid_option', `"${path}" is ${actual}, expected ${expected}.`);
}
