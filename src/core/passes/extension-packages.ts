/**
 * Debian packages whose names do not follow from that of the extension; `18` stands for the major version.
 */
const PACKAGES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    vector: 'postgresql-18-pgvector',
    pg_cron: 'postgresql-18-cron',
    postgis: 'postgresql-18-postgis-3',
    postgis_raster: 'postgresql-18-postgis-3',
    postgis_sfcgal: 'postgresql-18-postgis-3',
    postgis_tiger_geocoder: 'postgresql-18-postgis-3',
    postgis_topology: 'postgresql-18-postgis-3',
    address_standardizer: 'postgresql-18-postgis-3',
    pgrouting: 'postgresql-18-pgrouting',
    pg_repack: 'postgresql-18-repack',
    pg_partman: 'postgresql-18-partman',
    pgaudit: 'postgresql-18-pgaudit',
    hypopg: 'postgresql-18-hypopg',
    pg_hint_plan: 'postgresql-18-pg-hint-plan',
    pg_stat_kcache: 'postgresql-18-pg-stat-kcache',
    pg_qualstats: 'postgresql-18-pg-qualstats',
    pg_wait_sampling: 'postgresql-18-pg-wait-sampling',
    pg_squeeze: 'postgresql-18-squeeze',
    pgtap: 'postgresql-18-pgtap',
    plpgsql_check: 'postgresql-18-plpgsql-check',
    pglogical: 'postgresql-18-pglogical',
    h3: 'postgresql-18-h3',
    h3_postgis: 'postgresql-18-h3',
    hll: 'postgresql-18-hll',
    ip4r: 'postgresql-18-ip4r',
    orafce: 'postgresql-18-orafce',
    prefix: 'postgresql-18-prefix',
    rum: 'postgresql-18-rum',
    semver: 'postgresql-18-semver',
    tdigest: 'postgresql-18-tdigest',
    unit: 'postgresql-18-unit',
    mysql_fdw: 'postgresql-18-mysql-fdw',
    ogr_fdw: 'postgresql-18-ogr-fdw',
    tds_fdw: 'postgresql-18-tds-fdw',
    plperl: 'postgresql-plperl-18',
    plperlu: 'postgresql-plperl-18',
    plpython3u: 'postgresql-plpython3-18',
    pltcl: 'postgresql-pltcl-18',
    timescaledb: 'timescaledb-2-postgresql-18 (from packagecloud.io/timescale)',
  }),
)

/** Images that have the extension and the server. */
const IMAGES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    vector: 'pgvector/pgvector:pg18',
    postgis: 'postgis/postgis:18-3.6',
    timescaledb: 'timescale/timescaledb:latest-pg18',
  }),
)

/** Where to get an extension from: only packages that exist are named. */
export function adviseOnExtension(name: string): string {
  const known = PACKAGES.get(name)
  const image = IMAGES.get(name)
  if (known === undefined)
    return `find its package with "apt-cache search postgresql-18", or use an image that has ${name}`
  return `apt package ${known}${image === undefined ? '' : `, or the image ${image}`}`
}
