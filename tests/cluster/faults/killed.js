// The postmaster of the primary is killed, and a standby takes over.
import { primary, sh, until, whole } from '../machines.js'

export const killed = async () => {
  const old = await primary()
  await sh(`signal KILL "$(postmaster ${old})"`)
  const promoted = await until(60, 'another primary', async () => {
    const now = await primary()
    return now !== old && now
  })
  await whole()
  return { from: old, to: promoted }
}
