// What the checks do to the hosts of deploy/cluster, and what they see of them.
import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const lib = new URL('../../deploy/cluster/lib', import.meta.url).pathname

/** What a line of bash says that knows deploy/cluster/lib. */
export const sh = async line => (await run('bash', ['-euo', 'pipefail', '-c', `. '${lib}'; ${line}`])).stdout.trim()

export const HOSTS = [1, 2, 3]
export const [net, proxy, dir] = (await sh('echo "$net $proxy $dir"')).split(' ')
export const instance = host => `http://${net}.${host}:8080`

/** Asks until it is so, with a pause in milliseconds. Throws after some seconds. */
export const until = async (seconds, what, is, pause = 100) => {
  for (const end = performance.now() + 1000 * seconds; ; await sleep(pause)) {
    const found = await is()
    if (found) return found
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`)
  }
}

export const answers = (url, within = 2000) => fetch(url, { signal: AbortSignal.timeout(within) }).then(({ ok }) => ok, () => false)

/** The hosts whose Patroni says that it is this: primary, replica, synchronous. */
export const hostsThatAre = async what => {
  const are = await Promise.all(HOSTS.map(host => answers(`http://${net}.${host}:8008/${what}`)))
  return HOSTS.filter((_, place) => are[place])
}

/** Whether Patroni says of each host that it does without the key of the primary, or of none. */
export const failsafe = async () => {
  const said = await Promise.all(HOSTS.map(async host => {
    const answer = await fetch(`http://${net}.${host}:8008/metrics`, { signal: AbortSignal.timeout(2000) })
    return /^patroni_failsafe_mode_is_active\{[^}]*\} 1$/m.test(await answer.text())
  }))
  return said[0] === said[1] && said[1] === said[2] ? said[0] : undefined
}

export const primary = () => until(60, 'one primary', async () => {
  const found = await hostsThatAre('primary')
  return found.length === 1 && found[0]
})

/** Waits until there are a primary, a synchronous standby and another one, and all instances are ready. */
export const whole = () => until(90, 'a whole cluster', async () => {
  const [primaries, standbys, synchronous] = await Promise.all(['primary', 'replica', 'synchronous'].map(hostsThatAre))
  const ready = await Promise.all(HOSTS.map(host => answers(`${instance(host)}/health/ready`)))
  return primaries.length === 1 && standbys.length === 2 && synchronous.length === 1 && ready.every(Boolean)
})

/** What HAProxy answers on its socket. */
export const haproxy = async line => {
  const socket = connect(`${dir}/data-haproxy/admin.sock`)
  socket.write(`${line}\n`)
  let said = ''
  for await (const part of socket) said += part
  return said.trim()
}

/** The columns of an instance in HAProxy's statistics. */
export const seen = async (backend, host) => {
  const [names, ...rows] = (await haproxy('show stat')).replace('# ', '').split('\n').map(row => row.split(','))
  const row = rows.find(row => row[0] === backend && row[1] === `portcullis-${host}`)
  return Object.fromEntries(names.map((name, place) => [name, row[place]]))
}

/** A statement as the superuser of the PostgreSQL of a host. Given up after some seconds, without a word to PostgreSQL. */
export const sql = async (host, statement, seconds = 30) => sh(`PGPASSWORD=$(cat "$dir/password") PGCONNECT_TIMEOUT=${seconds} \\
  timeout --signal KILL ${seconds} psql -qXAt -h ${net}.${host} -U postgres -d portcullis -c "${statement}"`)
