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
  // It lists scalars of the language only where they are used.
  const isOurs = ({ description }) => !description.startsWith('Standard scalar ')
  const as = (weight, changes) => changes.filter(isOurs).map(({ type, description }) => `${weight} ${type}: ${description}`)
  return [
    ...as('breaking', findBreakingChanges(built[old], built[next])),
    ...as('dangerous', findDangerousChanges(built[old], built[next])),
  ]
}

console.log(JSON.stringify(pairs.map(told)))
