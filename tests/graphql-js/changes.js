// Reads schemas and pairs of their places. Writes what clients notice of each pair's second one, null where graphql-js builds none.
import { readFileSync } from 'node:fs'
import { buildSchema, findBreakingChanges, findDangerousChanges } from 'graphql'

const { schemas, pairs } = JSON.parse(readFileSync(0, 'utf8'))

const built = schemas.map(text => {
  try {
    return buildSchema(text)
  } catch {
    return null
  }
})

const told = ([old, next]) => {
  if (!built[old] || !built[next]) return null
  const changes = [...findBreakingChanges(built[old], built[next]), ...findDangerousChanges(built[old], built[next])]
  // It lists scalars of the language only where they are used.
  return changes.filter(({ description }) => !description.startsWith('Standard scalar ')).map(({ type, description }) => `${type}: ${description}`)
}

console.log(JSON.stringify(pairs.map(told)))
