import type { ThawDeps } from '../steps/backups/require-awake.ts'
import type { Store } from '../storage/store.ts'
import { askForThaw, findSleeping } from '../storage/thaw.ts'

export function createThawDeps(store: Store): ThawDeps {
  return {
    store,
    findSleeping: archive => findSleeping(store, archive),
    askForThaw: (archive, tier) => askForThaw(store, archive, tier),
    now: () => new Date(),
    log: store.log,
  }
}
