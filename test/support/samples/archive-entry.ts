import type { ArchiveEntry, ArchiveSection } from '../../../src/core/backup/archive-toc.ts'

const DATA = /^(TABLE DATA|SEQUENCE SET|BLOB)/
const POST_DATA =
  /^(INDEX|CONSTRAINT|FK CONSTRAINT|TRIGGER|EVENT TRIGGER|RULE|PUBLICATION|MATERIALIZED VIEW DATA)/

/** An entry of an archive, of the section that pg_dump gives its kind. */
export function archiveEntry(
  id: number | string,
  kind: string,
  name: string,
  { schema = null, owner = 'owner', ...more }: Partial<ArchiveEntry> = {},
): ArchiveEntry {
  return {
    id: String(id),
    kind,
    schema,
    name,
    owner,
    section: sectionOf(kind),
    definition: '',
    dependsOn: [],
    ...more,
  }
}

function sectionOf(kind: string): ArchiveSection {
  if (/^(COMMENT|ACL|SECURITY LABEL)$/.test(kind)) return 'none'
  if (DATA.test(kind)) return 'data'
  return POST_DATA.test(kind) ? 'post-data' : 'pre-data'
}
