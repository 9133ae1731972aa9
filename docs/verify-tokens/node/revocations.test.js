import assert from 'node:assert/strict'
import { test } from 'node:test'

import { events } from './revocations.js'

test('events are read however they are cut', async () => {
  const text = 'retry: 500\r\n\r\n: silence\n\nevent: session\ndata: {"sid":\ndata:"ä€😀"}\n\nevent: position\r\nid: 1:1:\r\ndata: {}\r\n\r\nevent: cut'
  const bytes = new TextEncoder().encode(text)
  for (let size = 1; size <= bytes.length; size++) {
    const body = new ReadableStream({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
        controller.close()
      },
    })
    const read = []
    for await (const event of events(body)) read.push(event)
    assert.deepEqual(read, [
      { type: 'message', data: '', retry: 500 },
      { type: 'message', data: '' },
      { type: 'session', data: '{"sid":\n"ä€😀"}' },
      { type: 'position', data: '{}', id: '1:1:' },
    ])
  }
})
