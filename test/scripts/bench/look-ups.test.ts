import { expect, it } from 'vitest'
import { countLookUps } from '../../../scripts/bench/look-ups.ts'

it('counts requests that look for backups, apart from those that move one', () => {
  const counts = countLookUps([
    'GET /bucket?list-type=2&max-keys=1000&prefix=backups%2Fmanifests%2Fapp%2F',
    'GET /bucket/?list-type=2&prefix=backups%2Fgates%2Fapp%2F',
    'GET /bucket/backups/manifests/app/20261130T040000Z-daily-0000000a.json?x-id=GetObject',
    'HEAD /bucket/backups/manifests/app/20261129T040000Z-daily-0000000a.json',
    'GET /bucket/backups/archives/app/2026/11/20261130T040000Z-daily-0000000a.dump?partNumber=1',
    'GET /bucket/backups/gates/app/20261129T040000Z-0000000a.json?x-id=GetObject',
    'PUT /bucket/backups/drills/app/20261130T050000Z-0000000b.json?x-id=PutObject',
    'POST /bucket/backups/archives/app/2026/11/x.dump?uploads=',
  ])
  expect(counts).toEqual({ lists: 2, manifests: 1, records: 2 })
})
