import { afterAll, afterEach, beforeAll } from 'vitest'
import { type Backup, DrillRig } from './drill-rig.ts'

/** The rig of one test file with the backups that its tests drill; `backups` maps names to SQL. */
export function useDrillRig<Name extends string>(
  backups: Readonly<Record<Name, string>>,
): Readonly<Record<Name, Backup>> & { readonly rig: DrillRig } {
  const given = {} as Record<Name, Backup> & { rig: DrillRig }
  beforeAll(async () => {
    given.rig = await DrillRig.start()
    for (const [name, sql] of Object.entries<string>(backups))
      Object.assign(given, { [name]: await given.rig.backUp(sql) })
  })
  afterEach(() => given.rig.removeDrills())
  afterAll(() => given.rig[Symbol.asyncDispose]())
  return given
}
