// All members of etcd are stopped until the primary goes on without its key, and come back.
import { HOSTS, failsafe, hostsThatAre, primary, sh, until } from '../machines.js'

const is = wanted => async () => (await failsafe().catch(() => undefined)) === wanted

export const etcd = async () => {
  const old = await primary()
  await sh(HOSTS.map(host => `stop etcd-${host} KILL`).join('; '))
  await until(90, 'all go on without the key', is(true))
  const during = await hostsThatAre('primary')
  await sh(HOSTS.map(host => `start_etcd ${host}`).join('; '))
  await until(60, 'etcd has a leader', () => sh('says $net.1:2379/health').then(() => true, () => false))
  await until(60, 'there is a key again', is(false))
  const after = await hostsThatAre('primary')
  const faults = [during, after].every(hosts => hosts.join() === `${old}`) ? [] : ['the primary did not stay']
  return { primary: old, primaries_while_away: during, primaries_after: after, faults }
}
