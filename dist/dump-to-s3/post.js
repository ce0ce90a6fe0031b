import { runAction } from '../index.js'

await runAction('dump-to-s3', 'post')
