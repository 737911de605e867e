import { listMembers } from './object-members.ts';

/**
 * Returns true if all repeated members of each object have equal scalar values.
 *
 * @param text well-formed JSON
 */
export function hasEqualRepeats(text: string): boolean {
  for (const { name, value, siblings } of listMembers(text)) {
    if (siblings.has(name) && (value === undefined || siblings.get(name) !== value)) return false;
  }
  return true;
}
