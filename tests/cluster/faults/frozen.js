// Everything on the primary's machine stops, as a virtual machine that is moved does, and wakes up when there is another primary.
import { LOGOUT, ME, reason, send } from '../../upgrade/requests.js'
import { answers, instance, primary, proxy, sh, until, whole } from '../machines.js'
import { HEARD } from '../people.js'
import { Writers, faultsOf } from '../writers.js'

/** More accounts than people who are at work. */
const STILL_THERE = 12

export const frozen = async people => {
  const old = await primary()
  const writers = await Writers.open()
  // Of those who have gone home, so that nobody else uses them. The instance remembers them.
  const left = people.accounts.slice(0, -STILL_THERE).flatMap(({ sessions }) => sessions).filter(({ ended, unsure }) => !ended && !unsure)
  await Promise.all(left.map(({ accessToken }) => send(`${instance(old)}/graphql`, ME, null, accessToken)))
  // Right after waking it may accept what ended meanwhile. That is counted here, and asked by others afterwards.
  let wake
  people.asleep[old] = new Promise(resolve => { wake = resolve })
  const begun = performance.now()
  // The list is made before the first one stops.
  const pids = await sh(`pid=$(postmaster ${old})
    echo $pid $(pgrep -P $pid) $(cat "$dir"/run/*-${old}.pid)`)
  await sh(`signal STOP ${pids}`)
  let took
  const ended = []
  try {
    await until(60, 'another primary', async () => ![old, false].includes(await primary().catch(() => false)))
    took = Math.round(performance.now() - begun)
    await until(30, 'HAProxy leads to an instance', () => answers(`http://${proxy}:8080/health/ready`))
    for (const session of left) {
      const answer = await send(`http://${proxy}:8080/graphql`, LOGOUT, null, session.accessToken).catch(() => ({}))
      session.ended = answer.data?.logout?.ended === true
      if (session.ended) ended.push(session)
      else session.unsure = true
    }
  } finally {
    await sh(`signal CONT ${pids}`)
  }
  const accepted = []
  const woken = performance.now()
  await until(60, 'the instance that has woken up refuses what ended meanwhile', async () => {
    const refused = await Promise.all(ended.map(async ({ accessToken }) => {
      const answer = await send(`${instance(old)}/graphql`, ME, null, accessToken, AbortSignal.timeout(5000)).catch(() => ({}))
      if (answer.data?.me) accepted.push(Math.round(performance.now() - woken))
      return reason(answer) === 'SESSION_REVOKED'
    }))
    return refused.every(Boolean)
  }, 10).finally(wake)
  await whole()
  const direct = await writers.close()
  const late = Math.max(0, ...accepted)
  const faults = faultsOf(direct)
  if (!ended.length) faults.push('no session ended meanwhile')
  if (late > HEARD) faults.push(`what ended meanwhile is accepted ${late} ms after waking`)
  return {
    from: old,
    promoted_after_ms: took,
    ended_meanwhile: ended.length,
    accepted_after_waking: accepted.length,
    last_accepted_after_ms: late,
    ...direct,
    faults,
  }
}
