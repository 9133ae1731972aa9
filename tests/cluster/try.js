// Tries one fault after another on a cluster that runs, under load: node try.js [CHECK...]
// Prints a line of JSON for each, and exits with 1 when something acknowledged is lost, wrong or failed.
import { setTimeout as sleep } from 'node:timers/promises'

import { cut } from './faults/cut.js'
import { etcd } from './faults/etcd.js'
import { frozen } from './faults/frozen.js'
import { heard } from './faults/heard.js'
import { killed } from './faults/killed.js'
import { restart } from './faults/restart.js'
import { switchover } from './faults/switchover.js'
import { upgrade } from './faults/upgrade.js'
import { acknowledged, lost } from './ledger.js'
import { whole } from './machines.js'
import { People } from './people.js'
import { Streams } from './streams.js'

const CHECKS = { upgrade, restart, killed, heard, switchover, etcd, cut, frozen }
/** No request may fail where nothing is taken away but an instance, or etcd. */
const UNFAILING = new Set(['upgrade', 'restart', 'etcd'])
/** What only root can do. */
const BY_ROOT = new Set(['cut'])
/** Measured without other load. */
const ALONE = new Set(['heard'])
const WORKERS = 6
const BEFORE = 3000
const AFTER = 3000

const tally = list => {
  const numbers = {}
  for (const one of list) numbers[one] = (numbers[one] ?? 0) + 1
  return numbers
}

/** Whether what the check needs is there. */
const canTry = name => (name !== 'upgrade' || process.env.UPGRADE_TO) && (!BY_ROOT.has(name) || process.getuid() === 0)

const check = async (name, streams) => {
  if (!canTry(name)) {
    console.log(JSON.stringify({ check: name, tried: false }))
    return true
  }
  await whole()
  if (ALONE.has(name)) {
    const figures = await CHECKS[name]()
    console.log(JSON.stringify({ check: name, ...figures, well: !figures.faults.length }))
    return !figures.faults.length
  }
  const people = new People(`${name}-${Date.now()}`, WORKERS)
  await sleep(BEFORE)
  const since = performance.now()
  const { faults = [], ...figures } = await CHECKS[name](people)
  await sleep(AFTER)
  await people.stop()
  const failures = people.answers.filter(({ failure }) => failure)
  const verdict = {
    ...figures,
    without_writes_ms: people.silence(since, ['register', 'login', 'refresh', 'logout']),
    answers: people.answers.length,
    failed: failures.length,
    failures: tally(failures.map(({ kind, failure }) => `${kind}: ${failure}`)),
    acknowledged: acknowledged(people),
    lost: await lost(people),
    missed_by_streams: await streams.missed(people),
    wrong: people.wrong.length,
  }
  faults.push(...people.wrong.slice(0, 10))
  if (verdict.missed_by_streams) faults.push('a stream was not told of an end')
  if (Object.values(verdict.lost).some(number => number)) faults.push('something that was acknowledged is lost')
  if (UNFAILING.has(name) && failures.length) faults.push('a request failed')
  console.log(JSON.stringify({ check: name, ...verdict, faults, well: !faults.length }))
  return !faults.length
}

const asked = process.argv.slice(2)
const streams = await Streams.open()
let well = true
for (const name of asked.length ? asked : Object.keys(CHECKS)) well = (await check(name, streams)) && well
await streams.close()
process.exit(well ? 0 : 1)
