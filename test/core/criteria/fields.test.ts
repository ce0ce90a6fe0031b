import { describe, expect, it } from 'vitest'
import { type CriteriaProblem, CriterionFields, shown } from '../../../src/core/criteria/fields.ts'

function fieldsOf(value: unknown) {
  const problems: CriteriaProblem[] = []
  return { fields: new CriterionFields(value, ['checks', 0], problems), problems }
}

const parseUpper = (text: string) => {
  if (text === '') throw new RangeError('it is empty')
  return text.toUpperCase()
}

describe('the fields of a check', () => {
  it.each([[null], ['users'], [['users']], [5], [undefined]])('are refused where it is %j', value => {
    const { fields, problems } = fieldsOf(value)
    expect(fields.isMapping).toBe(false)
    expect(problems).toEqual([
      {
        path: ['checks', 0],
        at: 'value',
        message: `expected a check: a mapping with a name, found ${shown(value)}`,
      },
    ])
    // One problem says it: no key of it is missing as well.
    fields.parse('name', 'a name', parseUpper)
    expect(problems).toHaveLength(1)
  })

  it('give a parsed text', () => {
    const { fields, problems } = fieldsOf({ name: 'users' })
    expect(fields.parse('name', 'a name', parseUpper)).toBe('USERS')
    expect(problems).toEqual([])
  })

  it.each([
    [{}, 'value', ['checks', 0], 'name is missing: expected a name'],
    [{ name: 5 }, 'value', ['checks', 0, 'name'], 'expected a name, found "5"'],
    [{ name: null }, 'value', ['checks', 0, 'name'], 'expected a name, found nothing'],
    [{ name: '' }, 'value', ['checks', 0, 'name'], 'it is empty; expected a name'],
  ])('tell what is wrong with %j, and where', (value, at, path, message) => {
    const { fields, problems } = fieldsOf(value)
    expect(fields.parse('name', 'a name', parseUpper)).toBeUndefined()
    expect(problems).toEqual([{ path, at, message }])
  })

  it('do not hide a defect of a parser', () => {
    const defect = () => {
      throw new TypeError('x is not a function')
    }
    expect(() => fieldsOf({ name: 'a' }).fields.parse('name', 'a name', defect)).toThrow(TypeError)
  })

  it('refuse each key that is not known, at the key', () => {
    const { fields, problems } = fieldsOf(JSON.parse('{"name":"a","__proto__":1,"nmae":"b"}'))
    fields.refuseOthers(['name'], 'a check')
    expect(problems).toEqual(
      ['__proto__', 'nmae'].map(key => ({
        path: ['checks', 0, key],
        at: 'key',
        message: `unknown key "${key}"; a check accepts name`,
      })),
    )
  })

  it('do not take what every object has for keys', () => {
    const { fields } = fieldsOf({})
    expect([fields.has('constructor'), fields.value('toString')]).toEqual([false, undefined])
  })
})

describe('a value in a problem', () => {
  it.each([
    [null, 'nothing'],
    [undefined, 'nothing'],
    [[], 'a list'],
    [{}, 'a mapping'],
    [false, '"false"'],
    ['x'.repeat(61), `"${'x'.repeat(60)}"`],
  ])('of %j', (value, text) => {
    expect(shown(value)).toBe(text)
  })
})
