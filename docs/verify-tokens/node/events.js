// Server-sent events (HTML Standard, section 9.2.6).

/** Reads events, however they are cut into chunks. */
export class Parser {
  // Keeps the beginning of a character until the rest of it comes.
  #decoder = new TextDecoder()
  #rest = ''
  #event = {}

  /** The events that end in this chunk of bytes. */
  read(chunk) {
    const events = []
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#rest = lines.pop()
    for (const ended of lines) {
      const line = ended.endsWith('\r') ? ended.slice(0, -1) : ended
      if (line === '') {
        events.push(this.#event)
        this.#event = {}
      } else {
        this.#field(line)
      }
    }
    return events
  }

  #field(line) {
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line)
    const event = this.#event
    if (name === 'event') event.type = value
    else if (name === 'id') event.id = value
    else if (name === 'data') event.data = event.data === undefined ? value : `${event.data}\n${value}`
    else if (name === 'retry' && /^[0-9]+$/.test(value)) event.retry = Number(value)
  }
}
