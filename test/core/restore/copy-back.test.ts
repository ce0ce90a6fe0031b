import { describe, expect, it } from 'vitest'
import { COMPARE_STRUCTURE, renderAddresses, renderCopyBack } from '../../../src/core/restore/copy-back.ts'
import type { RestoreRecord } from '../../../src/core/restore/restore-record.ts'

const TARGET = { user: 'logi', host: 'db.example', port: 5432, database: 'logi' } as RestoreRecord['target']
const USERS = { schema: 'public', name: 'users', columns: ['id', 'email'] }

describe('the addresses of both databases', () => {
  it.each([
    [{}, 'logi_restored', 'postgresql://logi@db.example:5432/logi_restored'],
    [{ host: '2001:db8::1' }, 'r', "'postgresql://logi@[2001:db8::1]:5432/r'"],
    [{ host: '/var/run' }, 'r', "'postgresql://logi@/r?host=%2Fvar%2Frun&port=5432'"],
    [{ user: "a'b@c" }, 'r', "'postgresql://a'\\''b%40c@db.example:5432/r'"],
    [{}, 'a/b$(id)', "'postgresql://logi@db.example:5432/a%2Fb%24(id)'"],
  ])('for %j and %s are words of a shell', (more, restoredTo, url) => {
    const [, restored] = renderAddresses({ ...TARGET, ...more }, restoredTo).split('\n')
    expect(restored).toBe(`RESTORED_URL=${url}`)
  })

  it('name the old database too', () => {
    expect(renderAddresses(TARGET, 'r').split('\n')[0]).toBe('OLD_URL=postgresql://logi@db.example:5432/logi')
  })
})

describe('the commands that copy rows back', () => {
  const lines = renderCopyBack(USERS, 'rows-1.copy').split('\n')

  it('end with ROLLBACK until you write COMMIT, and keep existing rows', () => {
    expect(lines.at(-2)).toBe('ROLLBACK; -- replace with COMMIT to keep the rows shown above')
    expect(lines).toContain(
      'INSERT INTO "public"."users" ("id", "email") OVERRIDING SYSTEM VALUE TABLE differing ON CONFLICT DO NOTHING;',
    )
    expect(lines.filter(line => /^(COMMIT|DELETE|UPDATE|TRUNCATE)/.test(line))).toEqual([])
  })

  it('read the rows of the restored database only from ONLY this table', () => {
    expect(lines.slice(0, 2)).toEqual([
      `psql "$RESTORED_URL" <<'SQL'`,
      'COPY (SELECT "id", "email" FROM ONLY "public"."users") TO STDOUT \\g rows-1.copy',
    ])
  })

  it('leave triggers to you', () => {
    const with2 = renderCopyBack({ ...USERS, insertTriggers: ['audit', 'a"b'] }, 'f').split('\n')
    const notes = with2.filter(line => line.startsWith('-- '))
    expect(notes).toEqual([
      '-- The INSERT fires these triggers. To keep them from firing, uncomment the ALTER TABLE lines:',
      '-- ALTER TABLE "public"."users" DISABLE TRIGGER "audit";',
      '-- ALTER TABLE "public"."users" DISABLE TRIGGER "a""b";',
      '-- ALTER TABLE "public"."users" ENABLE TRIGGER "audit";',
      '-- ALTER TABLE "public"."users" ENABLE TRIGGER "a""b";',
    ])
    expect(lines.filter(line => line.startsWith('-- '))).toEqual([])
  })

  it.each(['SQL', 'a\nSQL\nrm -rf ~\n', "x'; \\! id", '\u2028'])(
    'are as many lines with the hostile name %j',
    name => {
      const hostile = { schema: name, name, columns: [name], insertTriggers: [name] }
      const text = renderCopyBack(hostile, 'rows-1.copy')
      expect(text.split('\n').filter(line => line === 'SQL')).toHaveLength(2)
      expect(text.split(/[\n\r\u2028]/)).toHaveLength(lines.length + 3)
    },
  )
})

it('compares the structure without owners, grants and random keys', () => {
  expect(COMPARE_STRUCTURE.match(/--schema-only --no-owner --no-acl --restrict-key=x/g)).toHaveLength(2)
})
