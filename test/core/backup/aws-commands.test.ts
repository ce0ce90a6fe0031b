import { expect, it } from 'vitest'
import {
  endpointOption,
  renderAbortUpload,
  renderRestoreObject,
} from '../../../src/core/backup/aws-commands.ts'

const KEY = 'archives/logi/2026/11/20261101T031500Z-daily-1a2b3c4d.dump'
const AWS = { bucket: 'logi-backups', key: KEY, endpoint: undefined }

it('renders a thaw for AWS without an endpoint', () => {
  expect(renderRestoreObject(AWS)).toBe(
    `aws s3api restore-object --bucket logi-backups --key ${KEY} --restore-request Days=3`,
  )
})

it('renders the abort of an upload for another store', () => {
  expect(renderAbortUpload({ ...AWS, endpoint: 'https://s3.example.com' }, '2~a')).toBe(
    `aws s3api abort-multipart-upload --endpoint-url https://s3.example.com --bucket logi-backups --key ${KEY} --upload-id '2~a'`,
  )
})

it.each([
  ["it's; rm -rf ~", `'it'\\''s; rm -rf ~'`],
  ['$(id)\n`id`', "$'$(id)\\012`id`'"],
  ['', "''"],
])('quotes %j wherever a store or a manifest can choose it', (hostile, word) => {
  expect(endpointOption(hostile)).toBe(` --endpoint-url ${word}`)
  expect(renderRestoreObject({ ...AWS, key: hostile })).toContain(` --key ${word} `)
  expect(renderAbortUpload(AWS, hostile)).toContain(` --upload-id ${word}`)
})
