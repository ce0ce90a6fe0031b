import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { renderManifest } from '../../src/core/backup/manifest.ts'
import { renderDrillRecord } from '../../src/core/drill/drill-record.ts'
import { schemaViolations } from '../support/json-schema.ts'
import { SAMPLE } from '../support/samples/manifest.ts'
import { sampleRecord } from '../support/samples/records.ts'

const schemaOf = (name: string) => JSON.parse(readFileSync(`docs/schemas/${name}.json`, 'utf8'))

describe('the published JSON Schemas', () => {
  test.each([
    ['manifest', renderManifest(SAMPLE)],
    ['drill-record', renderDrillRecord(sampleRecord({}))],
  ])('accept a rendered %s', (name, json) => {
    expect(schemaViolations(schemaOf(name), JSON.parse(json))).toEqual([])
  })

  it('refuse a manifest with a missing or a wrong field', () => {
    const manifest = JSON.parse(renderManifest(SAMPLE))
    manifest.object.bytes = '12'
    delete manifest.backup.id
    expect(schemaViolations(schemaOf('manifest'), manifest)).toEqual([
      '.backup.id: is missing',
      '.object.bytes: is not integer',
    ])
  })

  it('name the draft and the document', () => {
    expect(schemaOf('gate-record')).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Record of a gate',
      required: ['version', 'gate', 'backup', 'migrations', 'run'],
    })
  })
})
