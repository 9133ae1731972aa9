// The instances are restarted one after another. HAProxy is told first, because an idle instance closes its port at once.
import { HOSTS, haproxy, instance, seen, sh, until } from '../machines.js'

/** Restarts them, and does what the line of bash says while an instance does not run. Returns how long each took. */
export const oneAfterAnother = async (line = () => ':') => {
  const took = []
  for (const host of HOSTS) {
    const begun = performance.now()
    await haproxy(`set server portcullis/portcullis-${host} state drain`)
    await until(30, 'no request in flight', async () => (await seen('portcullis', host)).scur === '0')
    await sh(`stop portcullis-${host}; ${line(host)}; start_portcullis ${host}`)
    await until(60, 'an instance that is ready', () => fetch(`${instance(host)}/health/ready`).then(({ ok }) => ok, () => false))
    await haproxy(`set server portcullis/portcullis-${host} state ready`)
    await until(30, 'HAProxy sends requests again', async () => (await seen('portcullis', host)).status === 'UP')
    took.push(Math.round(performance.now() - begun))
  }
  return took
}

export const restart = async () => ({ restarted_in_ms: await oneAfterAnother() })
