/** How fast, and for how much, a store brings an archived object back. */
export const THAW_TIERS = ['standard', 'bulk', 'expedited'] as const
export type ThawTier = (typeof THAW_TIERS)[number]

/** Days that the object can be read, once it is there. */
export const THAW_DAYS = 3

/** A tier; undefined for `none`, which asks for nothing. Throws a RangeError. */
export function parseThawTier(text: string): ThawTier | undefined {
  if (text === 'none') return undefined
  const tier = THAW_TIERS.find(candidate => candidate === text)
  if (tier === undefined) throw new RangeError(`expected none, ${THAW_TIERS.join(', ')}`)
  return tier
}

interface Retrieval {
  /** Completes "takes …". */
  readonly text: string
  readonly longestMs: number
  readonly price: string
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/**
 * What AWS says of each class and tier.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html
 */
const RETRIEVALS: ReadonlyMap<string, Readonly<Partial<Record<ThawTier, Retrieval>>>> = new Map([
  [
    'GLACIER',
    {
      standard: { text: '3 to 5 hours', longestMs: 5 * HOUR_MS, price: 'medium price' },
      bulk: { text: '5 to 12 hours', longestMs: 12 * HOUR_MS, price: 'no retrieval fee' },
      // Objects above 250 MB take longer, at 300 MB/s.
      expedited: { text: '1 to 5 minutes', longestMs: 5 * MINUTE_MS, price: 'highest price' },
    },
  ],
  [
    'DEEP_ARCHIVE',
    {
      standard: { text: 'up to 12 hours', longestMs: 12 * HOUR_MS, price: 'medium price' },
      bulk: { text: 'up to 48 hours', longestMs: 48 * HOUR_MS, price: 'lowest price' },
    },
  ],
])

/**
 * Why a store cannot bring an object of this class back so fast; undefined where it can, or where nothing is
 * known of the class.
 */
export function thawProblem(storageClass: string, tier: ThawTier): string | undefined {
  const known = RETRIEVALS.get(storageClass)
  if (known === undefined || known[tier] !== undefined) return undefined
  return `${tier} is not possible for ${storageClass}. Expected ${Object.keys(known).join(' or ')}`
}

/** The latest time that an object asked for at `askedAt` is there; undefined for a class of another store. */
export function thawReadyBy(storageClass: string, tier: ThawTier, askedAt: Date): Date | undefined {
  const longestMs = RETRIEVALS.get(storageClass)?.[tier]?.longestMs
  return longestMs === undefined ? undefined : new Date(askedAt.getTime() + longestMs)
}

/** `3 to 5 hours, medium price`; what is not known is left to the store. */
export function renderThaw(storageClass: string, tier: ThawTier): string {
  const retrieval = RETRIEVALS.get(storageClass)?.[tier]
  return retrieval === undefined ? 'as long as the store needs' : `${retrieval.text}, ${retrieval.price}`
}

/** Every tier that a class has, with time and price. */
export function renderThawTiers(storageClass: string): string {
  const tiers = THAW_TIERS.filter(tier => thawProblem(storageClass, tier) === undefined)
  return tiers.map(tier => `${tier} (${renderThaw(storageClass, tier)})`).join(', ')
}
