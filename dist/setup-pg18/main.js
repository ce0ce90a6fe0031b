import { runAction } from '../index.js'

await runAction('setup-pg18', 'main')
