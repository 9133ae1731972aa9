// A session is ended at one instance, and the two others, which remember it, are asked until they refuse.
import { LOGOUT, ME, login, reason, register, send } from '../../upgrade/requests.js'
import { HOSTS, instance, until } from '../machines.js'
import { PASSWORD } from '../people.js'

const ROUNDS = 200
/** Of the 99th percentile, in milliseconds. */
const TARGET = 50

const at = host => `${instance(host)}/graphql`
const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]
const round = number => Math.round(10 * number) / 10

const refusedAfter = (host, token, since, accepted) => until(10, 'an ended session is refused', async () => {
  const sent = performance.now()
  const answer = await send(at(host), ME, null, token)
  if (reason(answer) === 'SESSION_REVOKED') return performance.now() - since
  accepted.push(sent - since)
}, 1)

/** Alone, without other load. */
export const heard = async () => {
  const email = `heard-${Date.now()}@example.com`
  const registered = await send(at(1), register.query, { email, password: PASSWORD })
  if (register.find(registered) !== 'RegisterSuccess') throw new Error(JSON.stringify(registered))
  const times = []
  const accepted = []
  for (let turn = 0; turn < ROUNDS; turn++) {
    const ending = HOSTS[turn % HOSTS.length]
    const others = HOSTS.filter(host => host !== ending)
    const { accessToken } = (await send(at(ending), login.query, { identifier: email, password: PASSWORD })).data.login.tokens
    // Once to be remembered, and once from memory.
    for (const host of [...others, ...others]) await send(at(host), ME, null, accessToken)
    await send(at(ending), LOGOUT, null, accessToken)
    const since = performance.now()
    times.push(Math.max(...(await Promise.all(others.map(host => refusedAfter(host, accessToken, since, accepted))))))
  }
  times.sort((one, two) => one - two)
  const p99 = percentile(times, 0.99)
  return {
    faults: p99 < TARGET ? [] : [`the 99th percentile is ${p99} ms`],
    rounds: ROUNDS,
    refused_after_ms: { p50: round(percentile(times, 0.5)), p99: round(p99), max: round(times.at(-1)) },
    accepted_requests: accepted.length,
    last_accepted_sent_after_ms: round(Math.max(0, ...accepted)),
  }
}
