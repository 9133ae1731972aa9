// The primary's machine can't reach the two others any more, nor they it; HAProxy still reaches all three.
import { HOSTS, net, primary, sh, until, whole } from '../machines.js'
import { Writers, faultsOf } from '../writers.js'

export const cut = async () => {
  const old = await primary()
  const others = HOSTS.filter(host => host !== old).map(host => `${net}.${host}`).join(', ')
  const inside = `ip netns exec portcullis-${old} nft`
  const writers = await Writers.open()
  const begun = performance.now()
  await sh(`${inside} add table inet cut
    ${inside} add chain inet cut in '{ type filter hook input priority 0; }'
    ${inside} add chain inet cut out '{ type filter hook output priority 0; }'
    ${inside} add rule inet cut in ip saddr '{ ${others} }' drop
    ${inside} add rule inet cut out ip daddr '{ ${others} }' drop`)
  const promoted = await until(60, 'another primary', async () => {
    const now = await primary()
    return now !== old && now
  })
  const took = Math.round(performance.now() - begun)
  await sh(`${inside} delete table inet cut`)
  await whole()
  const direct = await writers.close()
  return { from: old, to: promoted, promoted_after_ms: took, ...direct, faults: faultsOf(direct) }
}
