import type { PostureFinding, PostureVerdict } from './finding.ts'

/** What came of three attempts, which prove more than any setting. */
export interface Proofs {
  /** HTTP status of an anonymous GET of a key that is not there; null where there was no answer. */
  readonly anonymousRandom: number | null
  /** The same of the probe object; null where there is none. */
  readonly anonymousProbe: number | null
  /** A second PUT of the probe with If-None-Match. */
  readonly secondPut: 'refused' | 'accepted' | 'unknown-call' | 'denied'
  /** A DELETE of the probe with these credentials. */
  readonly remove: 'refused' | 'accepted' | 'not-tried'
}

/** The lines about them. */
export function proofFindings(proofs: Proofs): readonly PostureFinding[] {
  return [
    { check: 'proof: anonymous read', right: 'none', fix: null, ...judgeAnonymous(proofs) },
    { check: 'proof: no overwrite', right: 's3:PutObject on archives/', fix: null, ...judgePut(proofs) },
    { check: 'proof: no delete', right: 's3:PutObject on archives/', fix: null, ...judgeRemove(proofs) },
  ]
}

interface Proved {
  readonly verdict: PostureVerdict
  readonly evidence: string
}

/** A store that says 404 to strangers lists its keys to them (AWS, GetObject). */
function judgeAnonymous({ anonymousRandom, anonymousProbe }: Proofs): Proved {
  if (anonymousProbe === 200)
    return { verdict: 'fail', evidence: 'Anyone can read an object below archives/ without credentials.' }
  if (anonymousRandom === null) return { verdict: 'not-measured', evidence: 'The request had no answer.' }
  if (anonymousRandom === 404)
    return { verdict: 'fail', evidence: 'The store tells anyone whether a key is there: 404.' }
  const isRefused = anonymousRandom === 403 || anonymousRandom === 401 || anonymousRandom === 400
  return isRefused
    ? { verdict: 'pass', evidence: `A GET without credentials was refused: ${anonymousRandom}.` }
    : { verdict: 'fail', evidence: `A GET without credentials was answered: ${anonymousRandom}.` }
}

function judgePut({ secondPut }: Proofs): Proved {
  if (secondPut === 'refused')
    return { verdict: 'pass', evidence: 'A second PUT with If-None-Match was refused: 412.' }
  if (secondPut === 'accepted')
    return { verdict: 'fail', evidence: 'The store ignores If-None-Match. Unique names are the only guard.' }
  if (secondPut === 'denied') return { verdict: 'not-measured', evidence: 'A probe could not be written.' }
  return { verdict: 'not-applicable', evidence: 'The store knows no conditional writes.' }
}

function judgeRemove({ remove }: Proofs): Proved {
  if (remove === 'refused')
    return { verdict: 'pass', evidence: 'These credentials cannot delete an object below archives/.' }
  if (remove === 'accepted')
    return { verdict: 'fail', evidence: 'These credentials can delete an object below archives/.' }
  return { verdict: 'not-measured', evidence: 'There is no probe to delete.' }
}
