import { runAction } from '../index.js'

await runAction('render-access', 'main')
