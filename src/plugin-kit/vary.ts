import type { FastifyReply } from 'fastify'

/**
 * Says that the answer depends on a field of the request: one `Vary` field that names each once, whatever stood there.
 *
 * @param name as it is written in the request
 */
export function addVary (reply: FastifyReply, name: string): void {
  const before = reply.getHeader('vary')
  if (before === undefined) {
    reply.header('Vary', name)
    return
  }
  const names = String(before).split(',').map(item => item.trim()).filter(item => item !== '')
  if (names.includes('*')) {
    reply.header('Vary', '*')
    return
  }
  const lower = name.toLowerCase()
  if (!names.some(item => item.toLowerCase() === lower)) names.push(name)
  reply.header('Vary', names.join(', '))
}
