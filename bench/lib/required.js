/** What Sallyport may cost at most: a share of another participant's CPU in the same run, or µs on top of it. */
import { BASELINE } from './participants.js'

/** Ratios to the baseline, by participant and case. */
const RATIOS = {
  sallyport: { get: 0.55, get16k: 0.65, post: 0.65 },
  'sallyport+4': { get: 0.70, get16k: 0.70, post: 0.70 },
  'sallyport+key-auth': { get: 0.60 },
  'sallyport+rate-limiting': { get: 0.60 },
  'sallyport+rate-limiting-redis': { get: 0.95 },
  'sallyport+cache-hit': { get: 0.35, get16k: 0.35 },
  'sallyport+upstream': { get: 0.70 },
  'sallyport+cors+security-headers': { get: 0.60 },
  'sallyport+chain': { get: 0.90 },
  'sallyport+request-validator': { post: 0.80 },
  'sallyport+jwt': { get: 0.65, get16k: 0.65, post: 0.65 }
}

/** @type {ReadonlyArray<{ participant: string, case: string, to: string, ratio?: number, more?: number }>} */
export const REQUIRED = [
  ...Object.entries(RATIOS).flatMap(([participant, byCase]) => Object.entries(byCase).map(([name, ratio]) => ({ participant, case: name, to: BASELINE, ratio }))),
  { participant: 'sallyport+metrics', case: 'get', to: 'sallyport', more: 5 },
  { participant: 'sallyport+opentelemetry', case: 'get', to: 'sallyport', ratio: 1.03 },
  { participant: 'sallyport+jwt-new', case: 'get', to: 'sallyport+verify', ratio: 1.15 }
]
