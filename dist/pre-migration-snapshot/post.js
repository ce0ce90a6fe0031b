import { runAction } from '../index.js'

await runAction('pre-migration-snapshot', 'post')
