/**
 * The layers and rooms of src/, as data: who may import whom, and which package is confined to which layer.
 * `scripts/check/layers.ts` holds the code against it.
 */

export interface Layer {
  /** Folders of src/ whose values and types may be imported. */
  readonly from: readonly string[]
  /** Folders of src/ of which only types may be imported. */
  readonly typesFrom?: readonly string[]
  /** Node's own modules: all, or these. */
  readonly node: 'all' | readonly string[]
  /** Packages, by exact name or by scope (`@aws-sdk/`). A package is in one layer only. */
  readonly packages: readonly string[]
}

const ADAPTERS = ['net', 'postgres', 'storage', 'render', 'github']

/** Node modules that compute or schedule, but reach nothing outside the process. */
const NODE_WITHOUT_IO = [
  'node:crypto',
  'node:events',
  'node:stream',
  'node:stream/promises',
  'node:timers/promises',
]

export const LAYERS: Readonly<Record<string, Layer>> = {
  core: { from: ['core'], node: ['node:crypto'], packages: [] },
  postgres: {
    from: ['core', 'postgres'],
    node: 'all',
    packages: ['@actions/exec', '@actions/tool-cache', 'pg'],
  },
  net: { from: ['core', 'net'], node: 'all', packages: [] },
  storage: { from: ['core', 'net', 'storage'], node: 'all', packages: ['@aws-sdk/', '@smithy/'] },
  render: { from: ['core', 'net', 'render'], node: 'all', packages: [] },
  github: { from: ['core', 'net', 'github'], node: 'all', packages: [] },
  steps: { from: ['core', 'steps'], typesFrom: ADAPTERS, node: NODE_WITHOUT_IO, packages: [] },
  runner: { from: ['core', 'net', 'runner'], node: 'all', packages: ['@actions/core'] },
  wiring: { from: ['core', ...ADAPTERS, 'steps', 'runner', 'wiring'], node: 'all', packages: [] },
  actions: { from: ['core', ...ADAPTERS, 'steps', 'runner', 'wiring', 'actions'], node: 'all', packages: [] },
  main: { from: ['actions', 'runner'], node: [], packages: [] },
}

/** Packages that one file of a layer keeps to itself, and which the rest of src does not see. */
export const IN_ONE_FILE: Readonly<Record<string, string>> = {
  yaml: 'src/actions/verify-drill/criteria-file.ts',
}

/**
 * The rooms of a layer, from the ground up: a file may import from its own room and from rooms in an earlier
 * group. Files directly in the layer's folder stand before all rooms; a room inside a room belongs to the
 * outer one.
 */
export const ROOMS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  core: [
    ['text', 'json', 'pg'],
    ['backup'],
    ['checks', 'migrations'],
    ['passes'],
    ['criteria', 'drill', 'gate'],
    ['restore', 'render'],
    ['retention', 'posture'],
    ['summary'],
  ],
  postgres: [['session'], ['client-tools'], ['catalog'], ['source', 'target', 'install'], ['scratch']],
  steps: [['backups'], ['dump', 'restore', 'recovery'], ['drill', 'gate'], ['retention', 'posture']],
  storage: [['multipart'], ['bucket']],
}

/** Rooms of one group that may import each other in this direction. */
export const WITHIN_GROUP: readonly (readonly [from: string, to: string])[] = [
  ['core/pg', 'core/text'],
  ['core/json', 'core/text'],
]
