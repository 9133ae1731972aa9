// Whether what was acknowledged to people is so, afterwards.
import { LOGOUT, ME, login, reason, refresh, send } from '../upgrade/requests.js'
import { HOSTS, instance, primary, proxy, sql, until } from './machines.js'
import { PASSWORD, UNAVAILABLE } from './people.js'

const AT_ONCE = 8
const url = `http://${proxy}:8080/graphql`

const each = async (list, act) => {
  const rest = list[Symbol.iterator]()
  await Promise.all(Array.from({ length: AT_ONCE }, async () => { for (const one of rest) await act(one) }))
}

/** What the instance there says of a caller, once it can tell. */
const told = (host, accessToken) => until(30, `instance ${host} tells who calls`, async () => {
  const answer = await send(`${instance(host)}/graphql`, ME, null, accessToken)
  return !(answer.errors ?? []).some(({ extensions }) => UNAVAILABLE.has(extensions?.code)) && answer
})

/** How many of the acknowledged registrations, refreshes and endings are lost, of how many. */
export const lost = async people => {
  const lost = { registrations: 0, refreshes: 0, logouts: 0 }
  const rows = (await sql(await primary(), 'SELECT id, refresh_counter FROM sessions')).split('\n').map(row => row.split('|'))
  const counters = new Map(rows.map(([id, counter]) => [id, Number(counter)]))
  await each(people.accounts, async ({ email, sessions }) => {
    const again = await send(url, login.query, { identifier: email, password: PASSWORD })
    if (login.find(again) !== 'LoginSuccess') lost.registrations++
    for (const { refreshToken, accessToken, claims: { sid }, ended, unsure } of sessions) {
      if (ended) {
        const answers = await Promise.all(HOSTS.map(host => told(host, accessToken)))
        const refused = refresh.find(await send(url, refresh.query, { refreshToken })) === 'InvalidRefreshToken'
        if (!refused || answers.some(answer => reason(answer) !== 'SESSION_REVOKED')) lost.logouts++
      } else if (!unsure) {
        // The server accepts a token that is ahead of its row, so the answer alone would not show the loss.
        const counter = Number(refreshToken.split('.')[1])
        const accepted = refresh.find(await send(url, refresh.query, { refreshToken })) === 'RefreshTokenSuccess'
        if (!accepted || !(counters.get(sid) >= counter)) lost.refreshes++
      }
    }
  })
  return lost
}

/** How many of them there were. */
export const acknowledged = people => {
  const good = kind => people.answers.filter(answer => answer.kind === kind && !answer.failure).length
  return { registrations: good('register'), refreshes: good('refresh'), logouts: good('logout') }
}
