import { parsePointInTime } from '../core/render/recovery-window.ts'
import type { Inputs, Read } from '../runner/inputs.ts'

/** The input jobs: of pg_restore, side by side. */
export function readJobs(inputs: Inputs, name: string, otherwise: number): Read<number> {
  return inputs.parseOptional(name, parseJobs) ?? otherwise
}

/** The input recovered-to: the time that a recovered database shows. */
export function readRecoveredTo(inputs: Inputs, name: string): Read<Date | undefined> {
  const instant = inputs.parseOptional(name, parsePointInTime)
  return instant === 'latest' ? inputs.problem(name, 'expected an instant, not latest') : instant
}

function parseJobs(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new RangeError('expected a whole number from 1 to 99')
  return Number(text)
}
