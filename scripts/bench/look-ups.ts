/** Requests of one run to the store that look for backups and for what is known of them. */
export interface LookUps {
  readonly lists: number
  /** Manifests and records read whole. */
  readonly reads: number
  /** Heads of manifests and records, which only the trend of a summary needs. */
  readonly heads: number
}

const LIST = /^GET \S*[?&]list-type=2/
const RECORD = /^(GET|HEAD) [^?]*\/(?:manifests|drills|gates|restores|cutovers|pins|retired)\//

/** Each request as its method and its path. */
export function countLookUps(requests: readonly string[]): LookUps {
  const lists = requests.filter(request => LIST.test(request)).length
  const methods = requests.map(request => RECORD.exec(request)?.[1])
  return {
    lists,
    reads: methods.filter(method => method === 'GET').length,
    heads: methods.filter(method => method === 'HEAD').length,
  }
}
