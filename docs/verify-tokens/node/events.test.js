import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Parser } from './events.js'

test('events are read however they are cut', () => {
  const text = 'retry: 500\r\n\r\n: silence\n\nevent: session\ndata: {"sid":\ndata:"ä€😀"}\n\nevent: position\r\nid: 1:1:\r\ndata: {}\r\n\r\nevent: cut'
  const bytes = new TextEncoder().encode(text)
  for (let size = 1; size <= bytes.length; size++) {
    const parser = new Parser()
    const read = []
    for (let at = 0; at < bytes.length; at += size) read.push(...parser.read(bytes.slice(at, at + size)))
    assert.deepEqual(read, [
      { retry: 500 },
      {},
      { type: 'session', data: '{"sid":\n"ä€😀"}' },
      { type: 'position', data: '{}', id: '1:1:' },
    ])
  }
})
