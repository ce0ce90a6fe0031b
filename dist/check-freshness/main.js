import { runAction } from '../index.js'

await runAction('check-freshness', 'main')
