import { runAction } from '../index.js'

await runAction('render-cutover', 'main')
