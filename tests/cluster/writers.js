// Tries twice a second to write at each PostgreSQL itself, to see which of them takes writes, and when.
import { setTimeout as sleep } from 'node:timers/promises'

import { HOSTS, primary, sql } from './machines.js'

const PAUSE = 500
/** What is not acknowledged by then is given up; a write that waits for a standby waits for as long as there is none. */
const LONGEST = 2

/** What must not be. */
export const faultsOf = ({ two_took_writes: two, direct_writes_lost: lost }) =>
  [two && 'two took writes at a time', lost && 'a write that was acknowledged is lost'].filter(Boolean)

export class Writers {
  /** { host, id, begun, ended } of each write that was acknowledged. */
  #written = []
  #stopped = false
  #working

  static async open() {
    await sql(await primary(), 'CREATE TABLE IF NOT EXISTS written (id bigint PRIMARY KEY)')
    const writers = new Writers()
    writers.#working = HOSTS.map(host => writers.#write(host))
    return writers
  }

  async #write(host) {
    for (let turn = 0; !this.#stopped; turn++, await sleep(PAUSE)) {
      const id = 3 * turn + host
      const begun = performance.now()
      const taken = await sql(host, `INSERT INTO written VALUES (${id}) RETURNING id`, LONGEST).catch(() => '')
      if (taken === `${id}`) this.#written.push({ host, id, begun, ended: performance.now() })
    }
  }

  /** What was acknowledged by two at a time, and what of it is not there any more. */
  async close() {
    this.#stopped = true
    await Promise.all(this.#working)
    const there = new Set((await sql(await primary(), 'SELECT id FROM written')).split('\n').map(Number))
    await sql(await primary(), 'DROP TABLE written')
    // The writes of a host end before those of another begin.
    const spans = HOSTS.flatMap(host => {
      const own = this.#written.filter(write => write.host === host)
      return own.length ? [{ begun: Math.min(...own.map(({ begun }) => begun)), ended: Math.max(...own.map(({ ended }) => ended)) }] : []
    })
    const two = spans.some((one, place) => spans.slice(place + 1).some(other => one.begun < other.ended && other.begun < one.ended))
    return {
      direct_writes: this.#written.length,
      direct_writes_lost: this.#written.filter(({ id }) => !there.has(id)).length,
      two_took_writes: two,
    }
  }
}
