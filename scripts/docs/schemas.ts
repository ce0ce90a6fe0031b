import { manifest } from '../../src/core/backup/manifest.ts'
import { thawRecord } from '../../src/core/backup/thaw-record.ts'
import { drillRecord } from '../../src/core/drill/drill-record.ts'
import { gateRecord } from '../../src/core/gate/gate-record.ts'
import type { JsonSchema } from '../../src/core/json/decode.ts'
import { cutoverEvent, cutoverRecord } from '../../src/core/render/cutover-record.ts'
import { restoreRecord } from '../../src/core/restore/restore-record.ts'
import { pin } from '../../src/core/retention/pin.ts'
import { tombstone } from '../../src/core/retention/tombstone.ts'

/** The published documents: file name below docs/schemas, title, and the decoder that reads them. */
const DOCUMENTS: ReadonlyArray<readonly [file: string, title: string, schema: JsonSchema]> = [
  ['manifest', 'Manifest of a backup', manifest.schema],
  ['drill-record', 'Record of a drill', drillRecord.schema],
  ['gate-record', 'Record of a gate', gateRecord.schema],
  ['restore-record', 'Record of a restore', restoreRecord.schema],
  ['thaw-record', 'Request for an archive in cold storage', thawRecord.schema],
  ['pin', 'Pin that keeps a backup from retention', pin.schema],
  ['tombstone', 'What stays of a backup that retention deleted', tombstone.schema],
  ['cutover-record', 'Plan of a cutover', cutoverRecord.schema],
  ['cutover-event', 'Step of a cutover', cutoverEvent.schema],
]

/**
 * JSON Schema files of everything that lies in the bucket. Unknown keys are allowed: later versions may add
 * some.
 */
export function renderSchemas(): ReadonlyArray<readonly [file: string, text: string]> {
  return DOCUMENTS.map(([file, title, schema]) => {
    const $schema = 'https://json-schema.org/draft/2020-12/schema'
    return [
      `docs/schemas/${file}.json`,
      `${JSON.stringify({ $schema, title, ...schema }, null, 2)}\n`,
    ] as const
  })
}
