import { LISTED_ADAPTERS } from './listed-adapters.ts'
import { type Adapter, byStamp, byVersion, byVersionOnly, listed, time, VERSION } from './migration-model.ts'
import { table } from './migration-sides.ts'

/** Every tool that is compared, as it writes the files and the table of the model. */
export const ADAPTERS: readonly Adapter[] = [
  {
    ...listed('Rails', f => `db/migrate/${f.stamp}_${f.name}.rb`, 'schema_migrations', VERSION, byVersion),
    ...byVersionOnly,
  },
  {
    tool: 'Prisma',
    files: (all, root) =>
      Object.fromEntries(all.map(f => [`${root}prisma/migrations/${f.stamp}_${f.name}/migration.sql`, ''])),
    table: rows =>
      table(
        '_prisma_migrations',
        rows.map((r, i) => ({
          migration_name: `${r.stamp}_${r.name}`,
          finished_at: time(i),
          rolled_back_at: null,
        })),
        { migration_name: 'text', finished_at: 'timestamptz', rolled_back_at: 'timestamptz' },
      ),
  },
  {
    tool: 'Drizzle',
    files: (all, root) =>
      all.length === 0
        ? {}
        : {
            [`${root}drizzle/meta/_journal.json`]: JSON.stringify({
              entries: all.map(f => ({ when: Number(f.stamp), tag: `${f.stamp}_${f.name}` })),
            }),
            ...Object.fromEntries(
              all.map(f => [`${root}drizzle/${f.stamp}_${f.name}.sql`, `-- ${f.stamp} ${f.name}`]),
            ),
          },
    table: rows =>
      table(
        'drizzle.__drizzle_migrations',
        rows.map((r, i) => ({ id: String(i), hash: r.name, created_at: r.stamp })),
        { id: 'integer', hash: 'text', created_at: 'bigint' },
      ),
    identify: byStamp,
    pending: (files, rows) => files.filter(f => rows.every(r => r.stamp < f.stamp)),
  },
  {
    tool: 'Drizzle 1',
    files: (all, root) =>
      Object.fromEntries(
        all.flatMap(f => [
          [`${root}drizzle/${f.stamp}_${f.name}/migration.sql`, ''],
          [`${root}drizzle/${f.stamp}_${f.name}/snapshot.json`, ''],
        ]),
      ),
    table: rows =>
      table(
        'drizzle.__drizzle_migrations',
        rows.map((r, i) => ({ id: String(i), hash: r.name, created_at: '1', name: `${r.stamp}_${r.name}` })),
        { id: 'integer', hash: 'text', created_at: 'bigint', name: 'text' },
      ),
  },
  listed(
    'Knex',
    f => `migrations/${f.stamp}_${f.name}.js`,
    'knex_migrations',
    { name: 'text', batch: 'integer', migration_time: 'timestamptz' },
    r => ({ name: `${r.stamp}_${r.name}.js` }),
    'exports.up = knex => {}',
  ),
  {
    tool: 'TypeORM',
    files: (all, root) =>
      Object.fromEntries(
        all.map(f => [
          `${root}src/migrations/${f.stamp}-${f.name}.ts`,
          `export class ${f.name}${f.stamp.slice(1)} implements MigrationInterface { }`,
        ]),
      ),
    table: rows =>
      table(
        'migrations',
        rows.map((r, i) => ({
          id: String(i),
          timestamp: r.stamp.slice(1),
          name: `${r.name}${r.stamp.slice(1)}`,
        })),
        { id: 'integer', timestamp: 'bigint', name: 'text' },
      ),
  },
  {
    tool: 'Django',
    files: (all, root) =>
      Object.fromEntries(
        all.map(f => [
          `${root}shop/migrations/m${f.stamp}_${f.name}.py`,
          'class Migration(migrations.Migration): pass',
        ]),
      ),
    table: rows =>
      table(
        'django_migrations',
        rows.map((r, i) => ({ id: String(i), app: 'shop', name: `m${r.stamp}_${r.name}` })),
        { id: 'bigint', app: 'text', name: 'text' },
      ),
  },
  {
    tool: 'Alembic',
    files: (all, root) =>
      Object.fromEntries(
        all.map(f => [
          `${root}alembic/versions/${f.stamp}_${f.name}.py`,
          `revision = '${f.stamp}'\ndown_revision = ${f.parent === undefined ? 'None' : `'${f.parent}'`}\n`,
        ]),
      ),
    table: rows =>
      table(
        'alembic_version',
        rows.slice(-1).map(r => ({ version_num: r.stamp })),
        { version_num: 'text' },
      ),
    identify: byStamp,
    pending: (files, rows) => {
      const applied = new Set<string>()
      for (
        let at = rows.at(-1)?.stamp;
        at !== undefined && !applied.has(at);
        at = files.find(f => f.stamp === at)?.parent
      )
        applied.add(at)
      return files.filter(f => !applied.has(f.stamp))
    },
  },
  {
    ...listed(
      'Flyway',
      f => `src/main/resources/db/migration/V${f.stamp}__${f.name}.sql`,
      'flyway_schema_history',
      {
        installed_rank: 'integer',
        version: 'text',
        type: 'text',
        script: 'text',
        checksum: 'integer',
        success: 'boolean',
      },
      (r, i) => ({
        installed_rank: String(i),
        version: r.stamp,
        type: 'SQL',
        script: `V${r.stamp}__${r.name}.sql`,
        checksum: '1',
        success: 'true',
      }),
    ),
    pending: byStamp,
    identify: byStamp,
  },
  {
    tool: 'golang-migrate',
    files: (all, root) =>
      Object.fromEntries(all.map(f => [`${root}migrations/${f.stamp}_${f.name}.up.sql`, ''])),
    table: rows =>
      table(
        'schema_migrations',
        rows.slice(-1).map(r => ({ version: r.stamp, dirty: 'false' })),
        { version: 'bigint', dirty: 'boolean' },
      ),
    identify: byStamp,
    pending: (files, rows) => files.filter(f => f.stamp > (rows.at(-1)?.stamp ?? '')),
  },
  {
    tool: 'Atlas',
    files: (all, root) =>
      all.length === 0
        ? {}
        : {
            ...Object.fromEntries(all.map(f => [`${root}migrations/${f.stamp}_${f.name}.sql`, ''])),
            [`${root}migrations/atlas.sum`]: `h1:x=\n${all.map(f => `${f.stamp}_${f.name}.sql h1:x=\n`).join('')}`,
          },
    table: rows =>
      table(
        'atlas_schema_revisions',
        rows.map((r, i) => ({ version: r.stamp, type: '2', applied: '1', total: '1', executed_at: time(i) })),
        { version: 'text', type: 'bigint', applied: 'bigint', total: 'bigint', executed_at: 'timestamptz' },
      ),
    pending: byStamp,
    identify: byStamp,
  },
  ...LISTED_ADAPTERS,
]
