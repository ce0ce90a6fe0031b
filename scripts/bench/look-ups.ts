/** Requests of one run to the store that look for backups and for what is known of them. */
export interface LookUps {
  readonly lists: number
  readonly manifests: number
  /**
   * Records of drills, gates and restores, and heads of manifests: what trends and estimates need. They are
   * asked for side by side, so that they cost about one round trip.
   */
  readonly records: number
}

const LIST = /^GET \S*[?&]list-type=2/
const MANIFEST = /^GET [^?]*\/manifests\//
const RECORD =
  /^(?:GET|HEAD) [^?]*\/(?:drills|gates|restores|cutovers|pins|retired)\/|^HEAD [^?]*\/manifests\//

/** Each request as its method and its path. */
export function countLookUps(requests: readonly string[]): LookUps {
  const count = (pattern: RegExp) => requests.filter(request => pattern.test(request)).length
  return { lists: count(LIST), manifests: count(MANIFEST), records: count(RECORD) }
}
