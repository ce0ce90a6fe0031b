import process from 'node:process'
import type { Reporter, TestModule, Vitest } from 'vitest/node'

/** The project of vitest.config.ts whose tests run against the lab. */
export const REAL_PROJECT = 'real'

/**
 * Says how many tests ran against real services, and fails a full run in which any was left out or none ran
 * at all. A run narrowed by file or by name is only counted.
 */
export class RealServicesReporter implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const real = modules.filter(module => module.project.name === REAL_PROJECT)
    const tests = real.flatMap(module => [...module.children.allTests()])
    const ran = tests.filter(test => ['passed', 'failed'].includes(test.result().state)).length
    process.stdout.write(`\n${ran} tests ran against a real Postgres and a real S3 store.\n`)
    if (!(await this.#isFullRun(modules))) return
    const skipped = modules.flatMap(module => [...module.children.allTests('skipped')])
    for (const test of skipped) this.#fail(`was skipped: ${test.module.relativeModuleId} > ${test.fullName}`)
    if (ran === 0) this.#fail('no test ran against real services')
  }

  async #isFullRun(modules: readonly TestModule[]): Promise<boolean> {
    const all = await this.#vitest?.globTestSpecifications()
    return !this.#vitest?.config.testNamePattern && modules.length === all?.length
  }

  #fail(reason: string): void {
    process.stderr.write(`The run failed: ${reason}\n`)
    process.exitCode = 1
  }
}
