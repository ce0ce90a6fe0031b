import * as core from '@actions/core'

/**
 * What the main phase leaves for the post phase, under one name each. Values are JSON; nothing secret goes
 * here.
 */
export interface PhaseState {
  save(name: string, value: unknown): void
  /** The value saved by the main phase, or undefined. The reader narrows it. */
  read(name: string): unknown
}

export const actionsState: PhaseState = {
  save: (name, value) => core.saveState(name, JSON.stringify(value)),
  read: name => {
    const text = core.getState(name)
    return text === '' ? undefined : JSON.parse(text)
  },
}
