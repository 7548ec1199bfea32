// Small pictures of pages: a picture of a page has few colours, and those that people can tell apart fit into 256.
//
//   small(bytes): the same PNG with a palette. Reads what browsers write: 8 bits a channel, RGB or RGBA, not interlaced.
import zlib from 'node:zlib';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function chunk(kind, data) {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(zlib.crc32(body), body.length + 4);
  return whole;
}

function chunks(png) {
  const found = [];
  for (let at = signature.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    found.push([png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length)]);
    at += length + 12;
  }
  return found;
}

// PNG §9: each line says how it was predicted from its left and upper neighbours.
function unfiltered(raw, height, stride, step) {
  const out = Buffer.alloc(height * stride);
  for (let y = 0; y < height; y += 1) {
    const kind = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const value = raw[y * (stride + 1) + 1 + x];
      const left = x >= step ? out[y * stride + x - step] : 0;
      const up = y > 0 ? out[(y - 1) * stride + x] : 0;
      const corner = x >= step && y > 0 ? out[(y - 1) * stride + x - step] : 0;
      out[y * stride + x] = value + [0, left, up, (left + up) >> 1, paeth(left, up, corner)][kind];
    }
  }
  return out;
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [left, up, corner].map((one) => Math.abs(guess - one));
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

const distance = (one, other) => {
  const [r, g, b] = [16, 8, 0].map((shift) => ((one >> shift) & 255) - ((other >> shift) & 255));
  return 3 * r * r + 6 * g * g + b * b;
};

// The most frequent colours that differ from each other, closer and closer until there are enough.
function palette(counts) {
  const all = [...counts].sort((one, other) => other[1] - one[1] || one[0] - other[0]).map(([colour]) => colour);
  const chosen = [];
  for (const apart of [1500, 400, 100, 0]) {
    for (const colour of all) {
      if (chosen.length === 256) return chosen;
      if (chosen.every((other) => distance(colour, other) > apart)) chosen.push(colour);
    }
  }
  return chosen;
}

export function small(png) {
  const parts = chunks(png);
  const head = parts.find(([kind]) => kind === 'IHDR')[1];
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  const step = { 2: 3, 6: 4 }[head[9]];
  const raw = zlib.inflateSync(Buffer.concat(parts.filter(([kind]) => kind === 'IDAT').map(([, data]) => data)));
  const pixels = unfiltered(raw, height, width * step, step);
  const counts = new Map();
  const colour = (at) => (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
  for (let at = 0; at < pixels.length; at += step) counts.set(colour(at), (counts.get(colour(at)) || 0) + 1);
  const chosen = palette(counts);
  const place = new Map();
  for (const one of counts.keys()) {
    let best = 0;
    for (let index = 1; index < chosen.length; index += 1) if (distance(one, chosen[index]) < distance(one, chosen[best])) best = index;
    place.set(one, best);
  }
  const lines = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) lines[y * (width + 1) + 1 + x] = place.get(colour((y * width + x) * step));
  }
  const newHead = Buffer.from(head);
  newHead.set([8, 3], 8);
  const colours = Buffer.from(chosen.flatMap((one) => [(one >> 16) & 255, (one >> 8) & 255, one & 255]));
  const data = zlib.deflateSync(lines, { level: 9, memLevel: 9 });
  return Buffer.concat([signature, chunk('IHDR', newHead), chunk('PLTE', colours), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}
