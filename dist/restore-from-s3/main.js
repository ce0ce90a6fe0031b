import { runAction } from '../index.js'

await runAction('restore-from-s3', 'main')
