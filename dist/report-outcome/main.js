import { runAction } from '../index.js'

await runAction('report-outcome', 'main')
