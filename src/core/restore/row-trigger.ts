import type { QualifiedName } from '../pg/qualified-name.ts'
import { quoteIdentifier, quoteTable } from '../pg/quote.ts'
import { renderName } from '../text/counts.ts'

/** pg_trigger.tgenabled: fires in ordinary sessions (O), always (A), in replica sessions (R), never (D). */
export type TriggerState = 'O' | 'A' | 'R' | 'D'

/** Whether triggers of a table see the rows that a restore puts in. */
export const TRIGGER_CHOICES = ['off', 'fire'] as const
export type TriggerChoice = (typeof TRIGGER_CHOICES)[number]

/** A trigger that fires when rows of a table are replaced. */
export interface RowTrigger {
  readonly table: QualifiedName
  readonly name: string
  readonly state: TriggerState
  readonly firesOnInsert: boolean
}

/** `comments: counts` */
export function renderTrigger({ table, name }: RowTrigger): string {
  return `${renderName(table)}: ${name}`
}

/**
 * Statements for psql that keep these triggers from firing. ONLY: those of partitions have states of their
 * own.
 */
export function disableTriggers(triggers: readonly RowTrigger[]): string {
  return triggers.map(trigger => alter(trigger, 'DISABLE')).join('\n')
}

const ENABLE: Readonly<Record<TriggerState, string>> = {
  O: 'ENABLE',
  A: 'ENABLE ALWAYS',
  R: 'ENABLE REPLICA',
  D: 'DISABLE',
}

/**
 * Statements for psql that put every trigger back into its state. Deferred constraints are checked first,
 * because their pending events forbid ALTER TABLE.
 */
export function enableTriggers(triggers: readonly RowTrigger[]): string {
  return [
    'RESET ROLE;',
    'SET CONSTRAINTS ALL IMMEDIATE;',
    ...triggers.map(trigger => alter(trigger, ENABLE[trigger.state])),
  ].join('\n')
}

function alter({ table, name }: RowTrigger, action: string): string {
  return `ALTER TABLE ONLY ${quoteTable(table)} ${action} TRIGGER ${quoteIdentifier(name)};`
}
