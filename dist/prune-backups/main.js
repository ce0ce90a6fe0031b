import { runAction } from '../index.js'

await runAction('prune-backups', 'main')
