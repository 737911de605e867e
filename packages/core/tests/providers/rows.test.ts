// @platforms node: reads the names of the flavours from the file system.
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { capabilities } from './capabilities.ts';
import { presetFunctions } from './preset-functions.ts';
import { flavoursWithoutRow, otherPresets, rows } from './rows/index.ts';

const flavours = join(import.meta.dirname, '../../../testing/src/flavours');

test('each preset has a row, or a reason for none', () => {
  const presetsWithRow = new Set(rows.map(({ name }) => name));
  const names = [...presetsWithRow, ...otherPresets.map(({ example }) => example.name)];
  expect(names.toSorted()).toEqual(Object.keys(presetFunctions).toSorted());
});

test('each flavour of the test server has a row, or a reason for none', () => {
  const files = globSync('*/*.ts', { cwd: flavours }).map((file) => basename(file, '.ts'));
  expect(files.length).toBeGreaterThan(20);
  const names = new Set([...rows.map(({ flavour }) => flavour), ...Object.keys(flavoursWithoutRow)]);
  expect([...names].toSorted()).toEqual([...files, 'standard'].toSorted());
});

test('a row has a title of its own and the name of its preset, and a reason is a sentence', () => {
  expect(new Set(rows.map(({ title }) => title)).size).toBe(rows.length);
  for (const { name, example, cells } of rows) {
    expect(example.name).toBe(name);
    for (const capability of capabilities) {
      const cell = cells[capability.name];
      if (typeof cell === 'string') expect(cell, name).toMatch(/^[A-Z].+\.$/);
    }
  }
});
