const { readFileSync } = require('node:fs');

// The line of the README of @countersign/nest. The rest is the configuration of the Nest starter.
const { transformIgnorePatterns } = JSON.parse(readFileSync('readme-line.json', 'utf8'));
module.exports = {
  testRegex: '.*\\.test\\.ts$',
  testEnvironment: 'node',
  testTimeout: 60_000,
  transform: { '^.+\\.(t|j)s$': 'ts-jest' },
  transformIgnorePatterns,
};
