import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** For tests that wait more than they work. */
const MORE_THAN_CORES = 2 * availableParallelism()
/** What has to be over within a second is alone. */
const IN_TIME = ['test/e2e/no-orphans.test.ts']

/** One project per kind of test: unit is pure, integration crosses one real boundary, e2e builds and runs bundles. */
export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default'],
    // Without a filter one kind follows the other.
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/architecture.test.ts'],
          // Nothing in them remains, so they share what they import.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: MORE_THAN_CORES,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: IN_TIME,
          testTimeout: 300_000,
          hookTimeout: 900_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          globalSetup: ['test/helpers/e2e-bundles.ts'],
        },
      },
      {
        test: {
          name: 'e2e in time',
          include: IN_TIME,
          testTimeout: 300_000,
          hookTimeout: 900_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          globalSetup: ['test/helpers/e2e-bundles.ts'],
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 900_000,
          // They wait more than they work.
          maxWorkers: 2,
          maxConcurrency: 4,
          sequence: { groupOrder: 4 },
          globalSetup: ['test/conformance/circus/setup.ts'],
        },
      },
      {
        test: {
          name: 'hosts',
          include: ['test/hosts/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 900_000,
          // They wait more than they work.
          maxWorkers: 2,
          sequence: { groupOrder: 5 },
          globalSetup: ['test/hosts/setup.ts'],
        },
      },
      {
        test: {
          name: 'endurance',
          include: ['test/endurance/**/*.test.ts'],
          testTimeout: 300_000,
          // They measure what the machine does.
          fileParallelism: false,
          sequence: { groupOrder: 6 },
          globalSetup: ['test/endurance/setup.ts'],
        },
      },
      {
        test: {
          name: 'aarch64',
          include: ['test/aarch64/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
          sequence: { groupOrder: 7 },
        },
      },
    ],
  },
})
