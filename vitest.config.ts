import { defineConfig } from 'vitest/config'

/** One project per kind of test: unit is pure, integration crosses one real boundary, e2e builds and runs bundles. */
export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default'],
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/architecture.test.ts'] } },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000 } },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 900_000,
          fileParallelism: false,
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
          globalSetup: ['test/endurance/setup.ts'],
        },
      },
      { test: { name: 'aarch64', include: ['test/aarch64/**/*.test.ts'], testTimeout: 180_000, hookTimeout: 300_000 } },
    ],
  },
})
