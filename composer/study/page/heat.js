// Heat: pictures of bytes, drawn in the colours of the theme.

function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** A canvas of one pixel a value. */
function picture(bytes, columns, stops) {
  const rows = bytes.length / columns;
  const canvas = element("canvas", { width: columns, height: rows });
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(columns, rows);
  const palette = Array.from({ length: 256 }, (_, value) => ramp(stops, value / 255));
  bytes.forEach((value, at) => image.data.set([...palette[value], 255], 4 * at));
  pen.putImageData(image, 0, 0);
  return canvas;
}

function drawMap(stage, body, colours, height, map) {
  const pen = stage.canvas(body, height);
  pen.imageSmoothingEnabled = false;
  const columns = stage.study.network.columns;
  const stops = map.name.endsWith("gate") ? colours.gate : colours.cell;
  const strip = 10;
  pen.drawImage(picture(bytesOf(map.rows), columns, stops), 0, 0, stage.width, height - strip - 2);
  pen.drawImage(picture(bytesOf(map.mean), columns, stops), 0, height - strip, stage.width, strip);
  body.title = `${map.name}: from ${map.low} to ${map.high}`;
}

/** How alike cells are, as a square; hovering tells which. */
function drawMatrix(canvas, rows, nameRow, nameColumn, told) {
  const columns = rows[0].length;
  const bytes = Uint8Array.from(rows.flat(), (value) => Math.round(255 * value));
  const drawn = picture(bytes, columns, theme().gate);
  canvas.width = columns;
  canvas.height = rows.length;
  canvas.getContext("2d").drawImage(drawn, 0, 0);
  canvas.onmousemove = (event) => {
    const [x, y] = [Math.floor((event.offsetX / canvas.clientWidth) * columns), Math.floor((event.offsetY / canvas.clientHeight) * rows.length)];
    if (rows[y]?.[x] === undefined) return;
    told.textContent = `${nameRow(y)} and ${nameColumn(x)}: ${rows[y][x].toFixed(2)}`;
  };
}
