// Plays live audio of one line: what comes in bursts goes out evenly. It keeps a
// little in hand, says nothing where it has nothing, and catches up where it has
// too much, as when two clocks differ.
const AHEAD = 1200; // samples in hand before it begins: 150 ms
const MOST = 6400; // more is left out: 800 ms

class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    this.parts = []; // [first side, second side or null]
    this.have = 0;
    this.at = 0; // in the first part
    this.playing = false;
    this.gains = [1, 1];
    this.port.onmessage = (e) => {
      const m = e.data;
      if (m.gains) this.gains = m.gains;
      if (!m.sides) return;
      this.parts.push(m.sides);
      this.have += m.sides[0].length;
      while (this.have - this.at > MOST && this.parts.length > 1) this.drop();
    };
  }

  drop() {
    const [first] = this.parts.shift();
    this.have -= first.length;
    this.at = 0;
  }

  process(_inputs, [out]) {
    const left = out[0];
    if (!this.playing && this.have - this.at < AHEAD) return true;
    this.playing = true;
    const [a, b] = this.gains;
    for (let i = 0; i < left.length; i++) {
      const part = this.parts[0];
      if (!part) {
        this.playing = false;
        break;
      }
      left[i] = part.length > 1 ? part[0][this.at] * a + part[1][this.at] * b : part[0][this.at];
      if (++this.at >= part[0].length) this.drop();
    }
    for (let c = 1; c < out.length; c++) out[c].set(left);
    return true;
  }
}

registerProcessor('vaad-live', Player);
