import { describe, expect, it } from 'vitest'
import {
  disableTriggers,
  enableTriggers,
  type RowTrigger,
  renderTrigger,
  type TriggerState,
} from '../../../src/core/restore/row-trigger.ts'

const trigger = (name: string, state: TriggerState, schema = 'public'): RowTrigger => ({
  table: { schema, name: 'comments' },
  name,
  state,
  firesOnInsert: true,
})

describe('triggers of replaced rows', () => {
  it('are disabled one by one, on the table alone', () => {
    expect(disableTriggers([trigger('counts', 'O'), trigger('a"b', 'A', 'x.y')])).toBe(
      'ALTER TABLE ONLY "public"."comments" DISABLE TRIGGER "counts";\n' +
        'ALTER TABLE ONLY "x.y"."comments" DISABLE TRIGGER "a""b";',
    )
  })

  it('get back the state that each had, after the deferred constraints were checked', () => {
    const states: readonly TriggerState[] = ['O', 'A', 'R', 'D']
    expect(enableTriggers(states.map(state => trigger(`t_${state}`, state))).split('\n')).toEqual([
      'RESET ROLE;',
      'SET CONSTRAINTS ALL IMMEDIATE;',
      'ALTER TABLE ONLY "public"."comments" ENABLE TRIGGER "t_O";',
      'ALTER TABLE ONLY "public"."comments" ENABLE ALWAYS TRIGGER "t_A";',
      'ALTER TABLE ONLY "public"."comments" ENABLE REPLICA TRIGGER "t_R";',
      'ALTER TABLE ONLY "public"."comments" DISABLE TRIGGER "t_D";',
    ])
  })

  it('are shown with their table', () => {
    expect(renderTrigger(trigger('counts', 'O'))).toBe('comments: counts')
    expect(renderTrigger(trigger('counts', 'O', 'audit'))).toBe('audit.comments: counts')
  })
})
