import type { Algorithm } from '../algorithms/algorithm.ts'
import { leastOf, settle } from '../algorithms/usage.ts'
import type { Order, Settlement, Spending } from '../counters.ts'
import { lengthOf } from '../periods.ts'
import type { Answer } from './answers.ts'

/** KEYS and ARGV of the script for several limits of one client, the number of keys before them. */
export function orderArguments (type: string, name: string, orders: readonly Order[], spending: Spending): Array<string | number> {
  const args: Array<string | number> = [1, name, type, spending, orders.reduce((count, { windows }) => count + windows.length, 0)]
  for (const { name: limit, windows, cost } of orders) {
    for (const { period, limit: most } of windows) args.push(`${limit} ${period}`, period, lengthOf(period), most, cost)
  }
  return args
}

/** What that script says. */
export function settlement (answer: Answer, algorithm: Algorithm, orders: readonly Order[], spending: Spending): Settlement {
  const admitted = answer.flag()
  const count = admitted && spending === 'while-left'
  const usages = orders.map(({ windows, cost }) => windows.map(window => {
    const data = answer.numbersOf(new Float64Array(3), 0)
    algorithm.roll(data, 0, window, answer.now)
    return settle(algorithm, data, 0, window, answer.now, { cost, count: count && cost > 0, need: leastOf(window) })
  }))
  return { admitted, usages }
}
