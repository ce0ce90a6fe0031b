import { defineConfig } from 'vitest/config'
import { REAL_PROJECT, RealServicesReporter } from './test/support/real-services-reporter.ts'

/** Folders whose tests run without Postgres and S3; every other test gets the lab. */
const WITHOUT_LAB = [
  'test/core/**',
  'test/hostile/contract.test.ts',
  'test/runner/**',
  'test/scripts/**',
  'test/architecture.test.ts',
  'test/metadata.test.ts',
  'test/support/**',
]

const tests = ['test/**/*.test.ts']

export default defineConfig({
  test: {
    // Dumps, uploads and servers share the machine with the tests, which wait for them a third of their time:
    // three at a time is what two cores carry.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    setupFiles: ['test/support/after-each-file.ts'],
    reporters: ['default', new RealServicesReporter()],
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: WITHOUT_LAB.map(path => path.replace('**', '**/*.test.ts')),
          // One process for all files, which leave nothing behind: 64 s of CPU time become 35 s.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: REAL_PROJECT,
          include: tests,
          exclude: WITHOUT_LAB,
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
    ],
  },
})
