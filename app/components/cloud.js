// Ten thousand dots in one frame: they are blended into the pixels by hand, which no canvas does as fast.

const SUB = 4; // places within a pixel, across and down, that a dot can have

// A dot's pixels for each place within a pixel: how far across and down they lie, and how much of them it covers.
function makeDot(radius) {
  const reach = Math.ceil(radius + 1);
  const dots = [];
  for (let down = 0; down < SUB; down += 1) {
    for (let across = 0; across < SUB; across += 1) {
      const pixels = [];
      for (let y = -reach; y <= reach; y += 1) {
        for (let x = -reach; x <= reach; x += 1) {
          const away = Math.hypot(x - across / SUB, y - down / SUB);
          const covered = Math.min(1, Math.max(0, radius + 0.5 - away));
          if (covered) pixels.push(x, y, covered);
        }
      }
      dots.push(pixels);
    }
  }
  return { reach, dots };
}

// Paints dots on a plain ground. Places are in device pixels; colours are [red, green, blue] by label; `strength` says
// how opaque the dot of a row is, 0 leaves it out; `picture` is as large as the canvas and painted over.
function paintCloud(context, { picture, ground, places, labels, colours, strength, dot }) {
  const { width, height } = picture;
  const pixels = new Uint32Array(picture.data.buffer);
  pixels.fill(packed(ground));
  const inks = colours.map(packed);
  for (let row = 0; row < labels.length; row += 1) {
    const opaque = strength(row) * 256;
    if (!opaque) continue;
    const x = Math.floor(places[2 * row]);
    const y = Math.floor(places[2 * row + 1]);
    if (x < dot.reach || y < dot.reach || x >= width - dot.reach || y >= height - dot.reach) continue;
    const across = Math.floor((places[2 * row] - x) * SUB);
    const down = Math.floor((places[2 * row + 1] - y) * SUB);
    stamp(pixels, y * width + x, width, dot.dots[down * SUB + across], inks[labels[row]], opaque);
  }
  context.putImageData(picture, 0, 0);
}

function stamp(pixels, at, width, dot, ink, opaque) {
  const inkOdd = ink & 0xff00ff;
  const inkEven = (ink >>> 8) & 0xff;
  for (let pixel = 0; pixel < dot.length; pixel += 3) {
    const place = at + dot[pixel + 1] * width + dot[pixel];
    const share = (dot[pixel + 2] * opaque) | 0;
    const under = pixels[place];
    const odd = (((under & 0xff00ff) * (256 - share) + inkOdd * share) >>> 8) & 0xff00ff;
    const even = (((under >>> 8) & 0xff) * (256 - share) + inkEven * share) & 0xff00;
    pixels[place] = 0xff000000 | odd | even;
  }
}

function packed([red, green, blue]) {
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}
