import { describe, expect, it } from 'vitest'
import { parseEndpoint } from '../../../src/core/backup/store-endpoint.ts'

describe('the endpoint of a store', () => {
  it.each([
    ['https://s3.example.com', 'https://s3.example.com'],
    ['https://s3.example.com/', 'https://s3.example.com'],
    ['HTTPS://S3.Example.com', 'https://s3.example.com'],
    ['http://127.0.0.1:9000', 'http://127.0.0.1:9000'],
    ['http://[::1]:9000', 'http://[::1]:9000'],
    ['https://x.supabase.co/storage/v1/s3', 'https://x.supabase.co/storage/v1/s3'],
    ['https://gateway.example.com/s3/', 'https://gateway.example.com/s3'],
  ])('%s is taken as it is', (text, url) => {
    expect(parseEndpoint(text, 'backups')).toEqual({ url, notice: undefined })
  })

  it.each([
    ['https://s3.example.com/backups', 'https://s3.example.com'],
    ['https://s3.example.com/backups/', 'https://s3.example.com'],
    ['https://x.supabase.co/storage/v1/s3/backups', 'https://x.supabase.co/storage/v1/s3'],
    ['https://backups.fra1.digitaloceanspaces.com', 'https://fra1.digitaloceanspaces.com'],
    ['https://backups.s3.eu-central-1.amazonaws.com', 'https://s3.eu-central-1.amazonaws.com'],
    ['https://backups.s3.example.com:8443/backups', 'https://s3.example.com:8443'],
  ])('%s loses its bucket, with a notice', (text, url) => {
    const endpoint = parseEndpoint(text, 'backups')
    expect(endpoint.url).toBe(url)
    expect(endpoint.notice).toContain(`The endpoint is ${url}.`)
  })

  it.each([
    ['s3.example.com', 'with its scheme, such as https://s3.example.com'],
    ['localhost:9000', 'with its scheme, such as https://localhost:9000'],
    ['s3://s3.example.com', 'https://'],
    ['ftp://s3.example.com', 'https://'],
    ['https://', 'https://s3.example.com'],
    ['https://s3.example.com/other-bucket', 'without a path, such as https://s3.example.com'],
    ['https://s3.example.com/other/backups', 'without a path'],
    ['https://s3.example.com/?region=x', 'without a query'],
    ['https://s3.example.com#top', 'without a query or a fragment'],
    ['https://key:secret@s3.example.com', 'AWS_SECRET_ACCESS_KEY'],
  ])('%s is refused with what to change', (text, expected) => {
    expect(() => parseEndpoint(text, 'backups')).toThrow(expected)
  })

  it.each(['http://minio.internal:9000', 'http://10.0.0.5:9000'])(
    '%s is warned about: not encrypted',
    text => {
      expect(parseEndpoint(text, 'backups').notice).toContain('is not encrypted')
    },
  )

  it('is never made of the bucket alone', () => {
    expect(parseEndpoint('https://backups.example', 'backups').url).toBe('https://backups.example')
  })
})
