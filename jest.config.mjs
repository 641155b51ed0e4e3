import { existsSync } from 'node:fs';

/** The real clients are fetched by .ci/run alone. Where CI says so, their tests fail without them; elsewhere they are left out. */
const withClients = process.env.CI === 'true' || existsSync('tests/clients/programs/node_modules');

export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '/.data/',
    ...(withClients ? [] : ['/tests/clients/']),
  ],
  modulePathIgnorePatterns: ['/.data/', '/tests/(clients|bench/gateway)/programs/node_modules/'],
  globalSetup: './tests/support/global-setup.mjs',
  globalTeardown: './tests/support/global-teardown.mjs',
  reporters: ['default', './tests/support/summary-reporter.mjs'],
  // Longer than any test takes on a busy machine: a test says itself what did not happen.
  testTimeout: 300_000,
  maxWorkers: 2,
};
