import { afterAll } from 'vitest'
import { removeWorkplaces } from './runner/workplace.ts'

afterAll(removeWorkplaces)
