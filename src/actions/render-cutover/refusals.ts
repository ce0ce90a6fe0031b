import { OperatorError } from '../../core/errors.ts'
import type { KnownCutover } from '../../steps/recovery/cutover-journal.ts'
import type { CutoverInputs } from './inputs.ts'
import type { CutoverSides } from './read-plan.ts'

export function refuseUnconfirmed({ confirm }: CutoverInputs, { old }: CutoverSides): void {
  if (confirm === old.name) return
  throw new OperatorError(
    'CONFIRMATION_MISSING',
    confirm === undefined
      ? 'confirm is empty. Nothing was changed.'
      : `confirm is "${confirm}", but ${old.id} is called "${old.name}". Nothing was changed.`,
    { hint: `Type ${old.name} into confirm to replace this database, or set dry-run: true to see the plan.` },
  )
}

/** What cannot become the database of users. */
export function refuseUnfit({ old, fresh, oldDoors, freshDoors }: CutoverSides): void {
  const problems = [
    ...(old.suspended === 'suspended' ? [`the old database ${old.id} is suspended already`] : []),
    ...(fresh.status !== 'available' || fresh.suspended === 'suspended'
      ? [`the new database ${fresh.id} is ${fresh.suspended === 'suspended' ? 'suspended' : fresh.status}`]
      : []),
    ...(fresh.primaryPostgresID === '' ? [] : [`the new database ${fresh.id} is a read replica`]),
    ...(old.region === fresh.region
      ? []
      : [`they are in different regions, ${old.region} and ${fresh.region}`]),
    ...(oldDoors.external.host === freshDoors.external.host ? ['both have the same host'] : []),
  ]
  if (problems.length === 0) return
  throw new OperatorError('CUTOVER_REFUSED', `Nothing was changed: ${problems.join('; ')}.`, {
    hint: 'Check instance-id and new-instance-id in the dashboard of Render.',
  })
}

/** A cutover that stopped comes first; and it is undone with the databases that it was made with. */
export function refuseUnrelated(
  { record, events }: KnownCutover,
  { old, fresh }: CutoverSides,
  isUndo = false,
): void {
  const { id } = record.cutover
  if (record.old.id !== old.id || record.fresh.id !== fresh.id)
    throw new OperatorError(
      'CUTOVER_REFUSED',
      `The cutover ${id} goes from ${record.old.id} to ${record.fresh.id}, not from ${old.id} to ${fresh.id}.`,
      { hint: `Continue or undo ${id} first: give its ids in instance-id and new-instance-id.` },
    )
  if (!isUndo && events.at(-1)?.direction === 'undo')
    throw new OperatorError('CUTOVER_REFUSED', `The cutover ${id} is being undone.`, {
      hint: `Finish that first, with undo: ${id}.`,
    })
}
