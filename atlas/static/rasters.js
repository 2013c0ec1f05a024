/**
 * Surfaces on the planning atlas' map. A layer with an `image` brings a grey PNG of quantised values in Web Mercator; it is
 * coloured here by its classes, so that picture, legend and the value under the pointer come from the same numbers.
 *
 *   image: {png, bounds, size: [width, height], low, step, edges, colors, label, unit}
 *   A pixel of 0 is transparent; one of n > 0 holds low + (n - 1) · step.
 */
(function () {
  'use strict';

  const L = window.L;

  /** The class of a value: the last whose lower edge it reaches. */
  const classOf = (edges, value) => {
    let found = 0;
    for (let i = 1; i < edges.length; i++) if (value >= edges[i]) found = i;
    return found;
  };

  class AtlasSurface {
    constructor(image, pane) {
      this.image = image;
      this.levels = null; // one byte per pixel once the picture has come
      this.overlay = L.imageOverlay('data:,', image.bounds, {pane, className: 'atlas-surface', alt: ''});
      this.ready = new Promise((resolve) => {
        const grey = new Image();
        grey.onload = () => resolve(this.colour(grey));
        grey.src = image.png;
      });
    }

    colour(grey) {
      const {size: [width, height], low, step, edges, colors} = this.image;
      const canvas = Object.assign(document.createElement('canvas'), {width, height});
      const pencil = canvas.getContext('2d', {willReadFrequently: true});
      pencil.drawImage(grey, 0, 0);
      const pixels = pencil.getImageData(0, 0, width, height), {data} = pixels;
      const table = Array.from({length: 256}, (_, n) => {
        const color = colors[classOf(edges, low + (n - 1) * step)];
        return [1, 3, 5].map((k) => parseInt(color.slice(k, k + 2), 16));
      });
      this.levels = new Uint8Array(width * height);
      for (let i = 0; i < this.levels.length; i++) {
        const n = data[4 * i];
        this.levels[i] = n;
        [data[4 * i], data[4 * i + 1], data[4 * i + 2]] = table[n];
        data[4 * i + 3] = n ? 255 : 0;
      }
      pencil.putImageData(pixels, 0, 0);
      this.overlay.setUrl(canvas.toDataURL());
    }

    /** A spec with its surface among the layers: the picture over the backdrop, the lines over all areas. */
    static merged(spec) {
      if (!spec.surface) return spec;
      const {group, picture, lines} = spec.surface, {layers} = spec;
      const first = layers.findIndex((layer) => layer.features.some((feature) => feature.name));
      const backdrop = first < 0 ? layers.length : first, top = layers.findIndex((layer) => layer.geometry !== 'area');
      const over = Math.max(backdrop, top < 0 ? layers.length : top);
      return {...spec, surface: null, groups: [group, ...spec.groups],
        layers: [...layers.slice(0, backdrop), picture, ...layers.slice(backdrop, over), ...(lines ? [lines] : []), ...layers.slice(over)]};
    }

    /** The value at a position; null where there is none. */
    value({lat, lng}) {
      if (!this.levels) return null;
      const {size: [width, height], bounds: [[south, west], [north, east]], low, step} = this.image;
      const y = (degrees) => L.Projection.SphericalMercator.project(L.latLng(degrees, 0)).y;
      const column = Math.floor((width * (lng - west)) / (east - west));
      const row = Math.floor((height * (y(north) - y(lat))) / (y(north) - y(south)));
      const n = column >= 0 && row >= 0 && column < width && row < height ? this.levels[row * width + column] : 0;
      return n ? low + (n - 1) * step : null;
    }

    /** The value at a position in words; blank where there is none. */
    text(latlng) {
      const value = this.value(latlng), {label, unit, step} = this.image;
      return value === null ? '' : `${label} ${value.toFixed(step < 1 && value % 1 ? 1 : 0)} ${unit}`.trim();
    }
  }

  window.AtlasSurface = AtlasSurface;
})();
