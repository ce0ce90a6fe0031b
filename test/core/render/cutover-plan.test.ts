import { describe, expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { planCutover, renderStep, stepsOf } from '../../../src/core/render/cutover-plan.ts'
import { service } from '../../../src/core/render/resources.ts'

const doors = (id: string) => ({
  id,
  internal: parseConnectionUrl(`postgresql://logi:pw@${id}/logi`),
  external: parseConnectionUrl(`postgresql://logi:pw@${id}.singapore-postgres.render.com/logi`),
})
const [OLD, FRESH] = [doors('dpg-aaaaaaaa-a'), doors('dpg-bbbbbbbb-a')]
const web = service({ id: 'srv-web', name: 'web', type: 'web_service' }, '')
const worker = service({ id: 'srv-work', name: 'work', type: 'background_worker' }, '')
const owner = (id: string, value: string, serviceIds = [id]) => ({
  ...{ id, name: id, serviceIds },
  variables: [{ key: 'DATABASE_URL', value }],
})
const INTERNAL = 'postgresql://logi:pw@dpg-aaaaaaaa-a/logi'
const EXTERNAL = 'postgresql://logi:pw@dpg-aaaaaaaa-a.singapore-postgres.render.com/logi'

describe('the plan of a cutover', () => {
  const { plan, problems } = planCutover(
    OLD,
    FRESH,
    [web, worker],
    [owner('srv-web', INTERNAL), owner('srv-work', EXTERNAL)],
  )

  it('freezes first, and suspends the old database before a worker runs again', () => {
    expect(problems).toEqual([])
    expect(stepsOf(plan, 'forward').map(renderStep)).toEqual([
      'freeze web (srv-web)',
      'freeze work (srv-work)',
      'give the new database the allow list of the old one',
      'set DATABASE_URL of srv-web (srv-web)',
      'set DATABASE_URL of srv-work (srv-work)',
      'deploy web (srv-web)',
      'unfreeze web (srv-web)',
      'check the health of the service',
      'suspend the old database',
      'unfreeze work (srv-work)',
      'deploy work (srv-work)',
    ])
  })

  it('resumes the old database first when it is undone, and suspends none', () => {
    const steps = stepsOf(plan, 'undo').map(({ kind }) => kind)
    expect(steps[0]).toBe('resume-database')
    expect(steps).not.toContain('suspend-database')
    expect(steps).not.toContain('copy-allow-list')
  })

  it('names a service that a group reaches, and one that nothing reaches', () => {
    const group = owner('evg-1', INTERNAL, ['srv-web', 'srv-else'])
    expect(planCutover(OLD, FRESH, [web, worker], [group]).problems).toEqual([
      'no variable of work (srv-work) leads to the old database',
      'a group reaches srv-else too: name it in service-ids, or unlink it',
    ])
  })
})
