import type { TestProject } from 'vitest/node'
import { borrowLab, type Lab } from '../../lab/lab.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    lab: Lab
  }
}

/**
 * Brings the lab up before the first test that needs it, and gives it back at the end. A lab that cannot
 * start fails the run: tests against real services are never left out.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const lab = await borrowLab()
  project.provide('lab', { postgres: lab.postgres, s3: lab.s3 })
  return async () => await lab[Symbol.asyncDispose]()
}
