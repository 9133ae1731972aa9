// The binary of the instances is replaced by another one, one after another. The first new one migrates the database beside the old
// ones, and what only the old ones need is taken away at the end.
import { sh } from '../machines.js'
import { oneAfterAnother } from './restart.js'

const applied = async () => Number(await sh('cat "$dir"/log/portcullis-? | grep -c "applied migration" || true'))

export const upgrade = async () => {
  const before = await applied()
  const upgraded = await oneAfterAnother(host => `install_portcullis ${host} "$UPGRADE_TO"`)
  const migrations = (await applied()) - before
  const begun = performance.now()
  const said = await sh('DATABASE_URL=$(direct_url) "$dir/portcullis-1" --config "$dir/portcullis.toml" migrate --contract')
  const contracting = said.split('\n').filter(line => line.startsWith('Applied')).length
  return { upgraded_in_ms: upgraded, migrations, contracting_migrations: contracting, contracted_in_ms: Math.round(performance.now() - begun) }
}
