// A standby is promoted by hand, while the primary is well.
import { hostsThatAre, primary, sh, until, whole } from '../machines.js'

export const switchover = async () => {
  const old = await primary()
  const [candidate] = await hostsThatAre('synchronous')
  await sh(`patronictl -c "$dir/patroni-${old}.yaml" switchover --master postgres-${old} --candidate postgres-${candidate} --force >&2`)
  await until(60, 'the candidate is primary', async () => (await hostsThatAre('primary')).join() === `${candidate}`)
  await whole()
  return { from: old, to: candidate }
}
