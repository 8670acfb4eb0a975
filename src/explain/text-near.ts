import { at, nameOf, wrap } from './text-parts.ts'
import type { FailedCriterion, LostBy, NearRoute } from './types.ts'

/** A list that is longer says how many more there are. */
const LISTED = 4

export function nearLines (near: readonly NearRoute[], more: number, file: string): string[] {
  return [
    ...near.flatMap(route => [
      ...wrap(`${nameOf(route)}${at(route, file)}`),
      ...route.lost_by === null ? [] : wrap(lost(route.lost_by), '  '),
      ...route.failed.flatMap(failure => wrap(failed(failure), '  '))
    ]),
    ...more === 0 ? [] : [`${more} more ${more === 1 ? 'is' : 'are'} near: --near ${near.length + more} lists ${more === 1 ? 'it' : 'them'}`]
  ]
}

function failed ({ criterion, name, wants, got }: FailedCriterion): string {
  const list = [...wants.slice(0, LISTED), ...wants.length > LISTED ? [`${wants.length - LISTED} others`] : []]
  return `${criterion}${name === null ? '' : ` ${name}`}: wants ${list.join(' or ')}, ${got === null ? 'there is none' : `got ${got}`}`
}

/** The rules of the order, as `sallyport routes` has them. */
function lost ({ rule, winner, own }: LostBy): string {
  const start = 'takes it too, and loses: '
  switch (rule) {
    case 'criteria': return `${start}it has ${own} ${own === 1 ? 'kind' : 'kinds'} of criteria, the winner ${winner}`
    case 'plainHosts': return `${start}the winner has hosts, all without wildcard`
    case 'headers': return `${start}it wants ${own === 0 ? 'no headers' : own === 1 ? '1 header' : `${String(own)} headers`}, the winner ${winner}`
    case 'regex': return `${start}the winner's path is a regex`
    case 'regexPriority': return `${start}its regex_priority is ${own}, the winner's ${winner}`
    case 'length': return `${start}its path is ${own} long, the winner's ${winner}`
    case 'declaration': return `${start}tied, and the winner stands earlier in the file`
  }
}
