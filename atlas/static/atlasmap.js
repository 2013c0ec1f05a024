/**
 * AtlasMap – the browser side of the planning atlas' map. Plain ES2020, needs only Leaflet 1.9 (global `L`), asks no server
 * for anything (a chosen basemap's tiles excepted). It holds no words, no places and no colours of the plan: all of that
 * comes in one `spec` (JSON, see DESIGN.md), handed to `update()` as often as the host likes; what did not change is kept.
 *
 *   const atlas = new AtlasMap(L.map(div), {onSelect(featureIdOrNull) {}, onView({hidden, basemap, selected}) {}});
 *   atlas.update(spec);
 *
 * One idea carries the drawing: `strokesOf(style)` and `symbolOf(style)` turn a style into SVG once, and the map, the legend
 * and the highlight all draw from them, so that the legend cannot differ from the map.
 *
 * Keys of `spec.words`: map, features, layers, legend, basis, opacity, empty_layer, panel_show, panel_hide, basemap,
 *   basemap_failed, zoom_in, zoom_out, home, coordinates, lon, lat, centre, scale, km, m, north; and, where `spec.cards` is
 *   given: search, no_match, card, close, statements, note, left_open. A missing key shows as the key itself.
 * A feature without a name is backdrop: it is drawn, and labelled if it has a label, but cannot be pointed at.
 * In `spec.hidden` and `onView().hidden`, `id` is a layer switched off and `!id` a layer switched on that is off by default,
 * so that a link can restore both.
 */
(function () {
  'use strict';

  const L = window.L;
  const Z = {layers: 400, hover: 605, select: 610, labels: 620};
  const NARROW = 640; // px; below this the panel starts collapsed and the card becomes a bottom sheet
  const FLY_ZOOM = 12;
  const calm = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

  // ---- DOM helpers -----------------------------------------------------------------------------------------------------
  // Strings among the children become text nodes, so a name with HTML in it is always shown as text.
  const build = (node, props, children) => {
    for (const [key, value] of Object.entries(props)) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
      else node.setAttribute(key, value === true ? '' : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  const html = (tag, props = {}, ...children) => build(document.createElement(tag), props, children);
  const svg = (tag, props = {}, ...children) =>
    build(document.createElementNS('http://www.w3.org/2000/svg', tag), props, children);
  const icon = (d) => svg('svg', {class: 'atlas-icon', viewBox: '0 0 20 20', 'aria-hidden': 'true'}, svg('path', {d}));
  const refill = (node, ...children) => {
    node.textContent = '';
    node.append(...children.filter(Boolean));
  };
  const ICONS = {
    plus: 'M10 4v12M4 10h12', minus: 'M4 10h12', close: 'M5 5l10 10M15 5L5 15', chevron: 'M7 5l5 5-5 5',
    home: 'M3 8V3h5M12 3h5v5M17 12v5h-5M8 17H3v-5', layers: 'M10 3l8 4.5-8 4.5-8-4.5zM2 12l8 4.5 8-4.5',
    opacity: 'M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4',
  };

  // ---- Point symbols ---------------------------------------------------------------------------------------------------
  // Drawn in a box of -10…10. Roles: fill (the colour), line (a stroke of the colour), paper (white on the colour),
  // mist (a translucent glow). Stroke widths are given in screen pixels whatever the symbol's size.
  const disc = (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  const starPath = `M${Array.from({length: 10}, (_, i) => {
    const r = i % 2 ? 4.3 : 10.2, a = (i * Math.PI) / 5;
    return `${(r * Math.sin(a)).toFixed(2)} ${(-r * Math.cos(a)).toFixed(2)}`;
  }).join('L')}Z`;
  const SYMBOLS = {
    circle: [['fill', disc(9)]],
    ring: [['fill', disc(9)], ['paper', disc(4.2)]],
    core: [['mist', disc(14)], ['fill', disc(10)], ['paper', disc(7.6)], ['fill', disc(5.2)]],
    triangle: [['fill', 'M0-9L9.6 8H-9.6Z']],
    square: [['fill', 'M-8-8H8V8H-8Z']],
    diamond: [['fill', 'M0-10.4L10.4 0 0 10.4-10.4 0Z']],
    star: [['fill', starPath]],
    plane: [['fill', 'M0-10C1.3-10 1.8-8.5 1.8-7V-3.2L10 2.6V5L1.8 2.4 1.4 6.4 4 8.5V10.2L0 9.2-4 10.2V8.5L-1.4 6.4-1.8 2.4' +
      '-10 5V2.6L-1.8-3.2V-7C-1.8-8.5-1.3-10 0-10Z']],
    train: [['fill', disc(10)], ['paper', 'M-3-6.2H3A1.8 1.8 0 0 1 4.8-4.4V1.6A1.8 1.8 0 0 1 3 3.4H-3A1.8 1.8 0 0 1-4.8 1.6V-4.4A' +
      '1.8 1.8 0 0 1-3-6.2ZM-3.6 4.2H-1.9L-3.3 6.8H-5ZM3.6 4.2H1.9L3.3 6.8H5Z'], ['fill', 'M-3.2-4.6H3.2V-1.2H-3.2Z']],
    cross: [['fill', 'M-3.2-9.5H3.2V-3.2H9.5V3.2H3.2V9.5H-3.2V3.2H-9.5V-3.2H-3.2Z']],
    tower: [['line', 'M-6 10L0-6 6 10M-4.2 5.2H4.2M-2.4.4H2.4M-5.4-4.6A6.4 6.4 0 0 1-5.4-10M5.4-4.6A6.4 6.4 0 0 0 5.4-10'],
      ['fill', 'M-1.9-7.2a1.9 1.9 0 1 0 3.8 0a1.9 1.9 0 1 0-3.8 0Z']],
    leaf: [['fill', 'M-7.6 9.6L-9.4 8-6.6 4.8C-8.6-4 0-9.8 9.8-9.6 10.2 1-.4 9.6-5.4 7Z'],
      ['vein', 'M-6 6C-2.5 1.5.8-1.6 5.4-4.8']],
    mountain: [['fill', 'M-11 8.5L-3.4-8 1.2.4 3.6-3.2 11 8.5Z'], ['paper', 'M-3.4-8L-5.6-3.2-3.8-1.8-2.4-3-.4-2.4Z']],
    anchor: [['line', 'M0-5V9.4M-4.4-1.8H4.4M-8.4 2.6C-7.8 7.2-4 9.4 0 9.4S7.8 7.2 8.4 2.6'],
      ['line', 'M-2.2-7.2a2.2 2.2 0 1 0 4.4 0a2.2 2.2 0 1 0-4.4 0Z']],
    drop: [['fill', 'M0-10.5C4-5 7.4-.8 7.4 3.2A7.4 7.4 0 0 1-7.4 3.2C-7.4-.8-4-5 0-10.5Z'], ['vein', 'M-3.8 3.4A3.8 3.8 0 0 0-.4 7']],
    pagoda: [['fill', 'M0-11L8.6-4.6H5V-2.2L10 2.2H6V8H8.6V10H-8.6V8H-6V2.2H-10L-5-2.2V-4.6H-8.6Z'], ['paper', 'M-2 10V4.6A2 2 0 0 1 2 4.6V10Z']],
    flag: [['line', 'M-6-10V10'], ['fill', 'M-6-9.6L9-5.2-6-.4Z']],
  };
  const symbolSize = (style) => style.size || 10;

  /** A style's point symbol as an inline <svg>, with a white casing that lifts it off the map. */
  function symbolOf(style, size = symbolSize(style)) {
    const px = 20 / size, color = style.color || style.fill || '#444', fill = style.fill || color;
    const parts = SYMBOLS[style.symbol] || SYMBOLS.circle;
    const pen = (role) => (role === 'line' ? 1.7 : role === 'fill' && (style.hollow || fill !== color) ? style.weight || 1.4 : 0);
    const node = svg('svg', {class: 'atlas-glyph', width: size, height: size, viewBox: '-10 -10 20 20', opacity: style.opacity,
      'stroke-linejoin': 'round', 'stroke-linecap': 'round'});
    for (const [role, d] of parts) {
      if (role === 'fill' || role === 'line') {
        node.append(svg('path', {d, fill: 'none', stroke: '#fff', 'stroke-width': (pen(role) + 2.4) * px, 'stroke-opacity': 0.92}));
      }
    }
    for (const [role, d] of parts) {
      const hollow = style.hollow && role === 'fill' && d === parts.find((part) => part[0] === 'fill')[1];
      node.append(svg('path', {
        d, fill: {fill: hollow ? '#fff' : fill, mist: fill, paper: '#fff'}[role] || 'none', 'fill-opacity': role === 'mist' ? 0.2 : null,
        stroke: role === 'vein' ? (style.hollow ? color : '#fff') : pen(role) ? color : 'none',
        'stroke-width': role === 'vein' ? 1.2 * px : pen(role) * px,
      }));
    }
    if (style.hollow) {
      node.append(svg('circle', {r: 10 + 3.5 * px, fill: 'none', stroke: color, 'stroke-width': 1.1 * px,
        'stroke-dasharray': `${2.6 * px} ${2.2 * px}`, 'stroke-linecap': 'butt'}));
    }
    return node;
  }

  // ---- Strokes of lines and areas --------------------------------------------------------------------------------------
  /** Patterns and arrow heads, shared by the whole document and made when first asked for. */
  const defs = {
    node: svg('defs'),
    get(key, make) {
      const id = `atlas-${key.replace(/[^\w-]/g, '_')}`;
      if (!document.getElementById(id)) this.node.append(build(make(), {id}, []));
      return `url(#${id})`;
    },
    pattern(kind, color) {
      const step = kind === 'dots' ? 9 : 7;
      const mark = kind === 'dots' ? svg('circle', {cx: step / 2, cy: step / 2, r: 1.3, fill: color})
        : svg('path', {d: `M0 ${step / 2}H${step}${kind === 'crosshatch' ? `M${step / 2} 0V${step}` : ''}`, stroke: color, 'stroke-width': 1.1});
      return this.get(`${kind}-${color}`, () => svg('pattern', {width: step, height: step, patternUnits: 'userSpaceOnUse',
        patternTransform: 'rotate(-45)'}, mark));
    },
    arrow(color, weight) {
      const half = weight / 2 + Math.max(4, weight * 0.45), length = half * 1.45; // thin lines need a head that can be seen
      return this.get(`arrow-${color}-${weight}`, () => svg('marker', {markerUnits: 'userSpaceOnUse', orient: 'auto-start-reverse',
        markerWidth: length + 1, markerHeight: half * 2, refX: 0.5, refY: half, overflow: 'visible'},
      svg('path', {d: `M0 0L${length} ${half} 0 ${half * 2}Z`, fill: color})));
    },
  };

  // All features of a layer are drawn pass by pass, so that where two roads of a layer cross, their casings merge.
  const PASS = {fill: 0, pattern: 1, halo: 2, line: 3, core: 4, hit: 5};

  /** The stack of SVG strokes that draws a style: [{pass, attrs, blur}], bottom first. */
  function strokesOf(style, area, arrow) {
    const color = style.color || style.fill || '#555';
    const weight = style.weight ?? (area ? (style.color && !style.halo && !style.pattern ? 1 : 0) : 2);
    const opacity = style.opacity ?? 1;
    const cap = style.dash || arrow ? 'butt' : 'round';
    const pen = (width, extra) => ({fill: 'none', stroke: color, 'stroke-width': width, 'stroke-linejoin': 'round', 'stroke-linecap': cap, ...extra});
    const strokes = [];
    if (area && style.fill) {
      strokes.push({pass: PASS.fill, attrs: {fill: style.fill, opacity: style.fill_opacity ?? 0.5}, blur: (style.halo || 0) / 2});
    }
    if (area && style.pattern) {
      strokes.push({pass: PASS.pattern, attrs: {fill: defs.pattern(style.pattern, color), opacity: opacity * 0.8}});
    }
    if (!area && style.halo) {
      strokes.push({pass: PASS.halo, attrs: pen(weight + style.halo, {opacity: opacity * 0.2, 'stroke-linecap': 'round'}), blur: style.halo / 5});
    }
    if (weight > 0) {
      // `opacity`, not `stroke-opacity`: a translucent axis and its arrow head then composite as one shape.
      const head = arrow ? defs.arrow(color, weight) : null;
      strokes.push({pass: PASS.line, attrs: pen(weight, {opacity, 'stroke-dasharray': style.dash,
        'marker-end': head, 'marker-start': arrow === 'both' ? head : null})});
      if (style.core) {
        strokes.push({pass: PASS.core, attrs: pen(weight * 0.46, {stroke: style.core, opacity, 'stroke-dasharray': style.dash || style.core_dash})});
      }
    }
    return strokes;
  }

  const strokePath = ({attrs, blur}, d) => {
    const path = svg('path', {...attrs, d});
    if (blur) path.style.filter = `blur(${blur}px)`; // a CSS filter: needs no region, works on straight lines too
    return path;
  };

  /** A legend swatch, made by the same functions that draw the map; only what would not fit into it is scaled down. */
  function swatch(style, geometry, arrow = style.arrow) {
    if (geometry === 'point') {
      return html('span', {class: 'atlas-swatch', 'aria-hidden': 'true'}, symbolOf(style, Math.min(symbolSize(style), 17)));
    }
    const area = geometry === 'area', head = !area && arrow ? 'end' : null, small = {...style, halo: Math.min(style.halo || 0, area ? 5 : 8)};
    if (style.weight) small.weight = Math.min(style.weight, head ? 6 : 8);
    if (style.dash) {
      const dash = style.dash.split(/[ ,]+/).map(Number), room = area || head ? 9 : 13;
      small.dash = dash.map((length) => (length * Math.min(1, room / (dash[0] + (dash[1] || dash[0])))).toFixed(1)).join(' ');
      if (area && /^(#fff|#ffffff|white)$/i.test(style.color)) small.dash = null; // white dashes on the white panel only look torn
    }
    const d = area ? 'M4.5 3.5H27.5V14.5H4.5Z' : `M3 9H${head ? 20 : 29}`;
    return svg('svg', {class: 'atlas-swatch', width: 32, height: 18, viewBox: '0 0 32 18', 'aria-hidden': 'true'},
      ...strokesOf(small, area, head).sort((a, b) => a.pass - b.pass).map((stroke) => strokePath(stroke, d)));
  }

  /** Leaflet's SVG renderer, but each path is a stack of strokes (`options.strokes`) spread over the passes. */
  const StrokeRenderer = L.SVG.extend({
    options: {padding: 0.4},
    _initContainer() {
      L.SVG.prototype._initContainer.call(this);
      this._passes = Object.keys(PASS).map(() => this._rootGroup.appendChild(svg('g')));
    },
    _initPath(path) {
      path._strokes = path.options.strokes.map((stroke) => {
        const node = strokePath(stroke);
        node.atlasItem = stroke.pass === PASS.hit ? path.options.item : null;
        return [stroke.pass, node];
      });
      this._layers[L.stamp(path)] = path;
    },
    _addPath(path) {
      if (!this._rootGroup) this._initContainer();
      for (const [pass, node] of path._strokes) this._passes[pass].append(node);
    },
    _removePath(path) {
      for (const [, node] of path._strokes) node.remove();
      delete this._layers[L.stamp(path)];
    },
    _setPath(path, d) {
      for (const [, node] of path._strokes) node.setAttribute('d', d);
    },
    _updateStyle() {}, // a style never changes: another style is another hash, hence another layer
    _bringToFront() {},
    _bringToBack() {},
  });

  /** Leaflet object for a GeoJSON geometry of lines or areas. */
  function pathOf(geometry, options) {
    const area = geometry.type.endsWith('Polygon');
    const depth = {LineString: 0, MultiLineString: 1, Polygon: 1, MultiPolygon: 2}[geometry.type];
    const latlngs = L.GeoJSON.coordsToLatLngs(geometry.coordinates, depth);
    // Areas are never simplified one by one: neighbours share vertices and must neither gap nor overlap.
    return area ? L.polygon(latlngs, {smoothFactor: 0, interactive: false, ...options})
      : L.polyline(latlngs, {smoothFactor: 1, interactive: false, ...options});
  }

  /** Whether there is anything of a layer to see. */
  const drawable = (layer) => layer.features.length > 0 || Boolean(layer.image);

  // ---- Layers ----------------------------------------------------------------------------------------------------------
  /** One layer of the spec: its own pane (drawing order), its own renderer, its Leaflet objects. Lives while its hash does. */
  class AtlasLayer {
    constructor(map, spec) {
      this.map = map;
      this.paneName = `atlas-${L.stamp(this)}`;
      this.pane = map.createPane(this.paneName);
      this.renderer = new StrokeRenderer({pane: this.paneName});
      this.group = L.layerGroup();
      this.items = [];
      this.spec = spec;
      if (spec.image) { // a surface (rasters.js)
        this.surface = new window.AtlasSurface(spec.image, this.paneName);
        this.group.addLayer(this.surface.overlay);
      }
      spec.features.forEach((feature, index) => this.draw(feature, index));
      if (spec.mesh) this.drawMesh(spec.mesh, ((spec.classes[0] || {}).style) || {});
    }

    /** Borders that neighbours share, drawn once: two dashed outlines over each other would fill each other's gaps. */
    drawMesh(geometry, style) {
      const strokes = strokesOf(style, true, null).filter((stroke) => stroke.pass >= PASS.line);
      this.group.addLayer(pathOf(geometry, {renderer: this.renderer, pane: this.paneName, strokes, smoothFactor: 0, weight: style.weight || 1}));
    }

    draw(feature, index) {
      const {type, coordinates} = feature.geometry || {};
      if (!coordinates || !coordinates.length) return;
      const common = (this.spec.classes[feature.c || 0] || {}).style || {};
      const style = feature.size ? {...common, size: feature.size} : common; // by what it stands for; the legend shows the class
      const kind = type.endsWith('Point') ? 'point' : type.endsWith('Polygon') ? 'area' : 'line';
      const item = {id: feature.id, feature, index, layer: this, style, kind};
      if (kind === 'point') {
        item.latlng = L.GeoJSON.coordsToLatLng(type === 'MultiPoint' ? coordinates[0] : coordinates);
        const hit = Math.max(symbolSize(style), 18);
        const node = html('div', {class: 'atlas-symbol'}, symbolOf(style));
        node.atlasItem = feature.name ? item : null;
        item.object = L.marker(item.latlng, {pane: this.paneName, interactive: false, keyboard: false,
          icon: L.divIcon({className: 'atlas-marker', iconSize: [hit, hit], html: node})});
      } else {
        const area = kind === 'area', arrow = area ? null : feature.arrow || (style.arrow ? 'end' : null);
        item.strokes = strokesOf(style, area, arrow);
        // A nameless feature is backdrop: it cannot be pointed at. Thin lines get a wide invisible target. An area whose
        // fill is there but invisible (`fill_opacity` 0) may be pointed at too, but yields to all that can be seen.
        const inside = area && (style.fill || style.pattern);
        item.unseen = Boolean(area && style.fill && style.fill_opacity === 0 && !style.pattern);
        const hit = {pass: PASS.hit, attrs: {class: inside ? 'atlas-hit-fill' : 'atlas-hit-line', 'stroke-width': Math.max(style.weight || 2, 12)}};
        const own = area && this.spec.mesh ? item.strokes.filter((stroke) => stroke.pass < PASS.line) : item.strokes;
        item.object = pathOf(feature.geometry, {renderer: this.renderer, pane: this.paneName, item, weight: (style.weight || 2) + (style.halo || 0),
          strokes: feature.name ? [...own, hit] : own, noClip: Boolean(arrow)}); // a clipped end would grow a head
      }
      this.group.addLayer(item.object);
      this.items.push(item);
    }

    /** Same hash, new spec: the geometry stays, the words may be another language's. */
    adopt(spec) {
      this.spec = spec;
      for (const item of this.items) item.feature = spec.features[item.index];
    }

    get visible() {
      return this.map.hasLayer(this.group);
    }

    set visible(on) {
      if (on) this.group.addTo(this.map);
      else this.group.remove();
    }

    remove() {
      this.group.remove();
      this.renderer.remove();
      this.pane.remove();
      delete this.map.getPanes()[this.paneName];
    }
  }

  /** Draws one feature again on top of everything, in a casing: as hovered or as selected. */
  class Highlight {
    constructor(map, name, z) {
      this.pane = `atlas-${name}`;
      this.strong = name === 'select';
      map.createPane(this.pane).style.zIndex = z;
      this.renderer = new StrokeRenderer({pane: this.pane});
      this.group = L.layerGroup().addTo(map);
      this.item = null;
    }

    show(item) {
      if (item === this.item) return;
      this.item = item;
      this.group.clearLayers();
      if (!item) return;
      const accent = 'var(--atlas-accent)', options = {renderer: this.renderer, pane: this.pane, interactive: false};
      const casing = (width, stroke, extra) => ({pass: PASS.halo, attrs: {fill: 'none', stroke, 'stroke-width': width,
        'stroke-linejoin': 'round', 'stroke-linecap': 'round', ...extra}});
      if (item.kind === 'point') {
        const size = symbolSize(item.style), r = size / 2 + (item.style.hollow ? 6 : 4), box = 2 * r + 8;
        const ring = svg('svg', {class: 'atlas-glyph', width: box, height: box, viewBox: `${-box / 2} ${-box / 2} ${box} ${box}`},
          svg('circle', {r, fill: '#fff', 'fill-opacity': 0.55, stroke: '#fff', 'stroke-width': 5}),
          svg('circle', {r, fill: 'none', stroke: accent, 'stroke-width': this.strong ? 2.6 : 1.6}));
        const node = html('div', {class: 'atlas-symbol'}, ring, symbolOf(item.style));
        if (this.strong && item.feature.sigma_m > 0) {
          this.group.addLayer(L.circle(item.latlng, {...options, radius: item.feature.sigma_m, strokes: [
            {pass: PASS.fill, attrs: {fill: accent, opacity: 0.06}}, casing(3.2, '#fff', {opacity: 0.7}),
            casing(1.5, accent, {'stroke-dasharray': '6 5', 'stroke-linecap': 'butt'})]}));
        }
        this.group.addLayer(L.marker(item.latlng, {pane: this.pane, interactive: false, keyboard: false,
          icon: L.divIcon({className: 'atlas-marker', iconSize: [box, box], html: node})}));
        return;
      }
      const own = item.strokes.filter((stroke) => stroke.pass >= PASS.line), width = item.style.weight ?? (item.kind === 'area' ? 1 : 2);
      const strokes = item.kind === 'area'
        ? [{pass: PASS.fill, attrs: {fill: this.strong ? accent : '#fff', opacity: this.strong ? 0.07 : 0.2}},
          casing(this.strong ? 6.5 : 4.5, '#fff', {opacity: 0.95}), casing(this.strong ? 3 : 1.8, accent)]
        : [casing(width + (this.strong ? 11 : 7), accent, {opacity: this.strong ? 1 : 0.55}),
          casing(width + (this.strong ? 5.5 : 4), '#fff'), ...own];
      this.group.addLayer(pathOf(item.feature.geometry, {...options, strokes, noClip: true, weight: width + 12}));
    }
  }

  // ---- Labels ----------------------------------------------------------------------------------------------------------
  /** Signed distance of (x, y) to rings: positive inside (even-odd, so holes count). */
  function depthIn(rings, x, y) {
    let inside = false, best = Infinity;
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
        const a = ring[i], b = ring[j];
        if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
        const dx = b.x - a.x, dy = b.y - a.y, t = Math.max(0, Math.min(1, ((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy || 1)));
        best = Math.min(best, (a.x + t * dx - x) ** 2 + (a.y + t * dy - y) ** 2);
      }
    }
    return (inside ? 1 : -1) * Math.sqrt(best);
  }

  /** Pole of inaccessibility (quadtree search): the point deepest inside; {x, y, depth} to about 2 px. */
  function pole(rings, box) {
    const size = Math.max(8, Math.min(box.x1 - box.x0, box.y1 - box.y0) / 2);
    const cell = (x, y, half) => ({x, y, half, depth: depthIn(rings, x, y)});
    let cells = [], best = cell((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2, 0);
    for (let x = box.x0; x < box.x1; x += size) for (let y = box.y0; y < box.y1; y += size) cells.push(cell(x + size / 2, y + size / 2, size / 2));
    while (cells.length) {
      for (const c of cells) if (c.depth > best.depth) best = c;
      cells = cells.filter((c) => c.depth + c.half * Math.SQRT2 > best.depth + 2)
        .flatMap(({x, y, half: h}) => [[-1, -1], [1, -1], [-1, 1], [1, 1]].map(([i, j]) => cell(x + (i * h) / 2, y + (j * h) / 2, h / 2)));
    }
    return best;
  }

  const extent = (points) => points.reduce((b, p) => (
    {x0: Math.min(b.x0, p.x), y0: Math.min(b.y0, p.y), x1: Math.max(b.x1, p.x), y1: Math.max(b.y1, p.y)}),
  {x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity});
  const boxAt = (x, y, w, h) => ({x0: x - w / 2, y0: y - h / 2, x1: x + w / 2, y1: y + h / 2});
  const overlap = (a, b) => a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
  const within = (a, b) => a.x0 >= b.x0 && a.y0 >= b.y0 && a.x1 <= b.x1 && a.y1 <= b.y1;
  // Where a name may stand beside a symbol: direction and cost, best first (right, left, above, below, then the corners).
  const BESIDE = [[1, 0, 0], [-1, 0, 0.5], [0, -1, 0.7], [0, 1, 0.8], [1, -1, 1.2], [1, 1, 1.3], [-1, -1, 1.5], [-1, 1, 1.6]];
  // Where it may stand inside an area: shifts from its heart, in widths and heights of the name.
  const AROUND = [[0, 0], [0, -0.9], [0, 0.9], [-0.3, 0], [0.3, 0], [0, -1.8], [0, 1.8], [-0.3, -0.9], [0.3, 0.9], [-0.3, 0.9], [0.3, -0.9]];
  const SPOTS = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82, 0.1, 0.9]; // tried along a line
  const GRID = 6; // px, cells in which lines leave ink that names would rather not cover

  /** Places names greedily, important ones first, against each other, the symbols and the controls. */
  class Labels {
    constructor(map) {
      this.map = map;
      this.pane = map.createPane('atlas-labels');
      this.pane.style.zIndex = Z.labels;
      this.svg = this.pane.appendChild(svg('svg', {class: 'atlas-labels'}));
      this.pencil = document.createElement('canvas').getContext('2d');
      this.family = getComputedStyle(map.getContainer()).fontFamily;
      this.widths = new Map();
      this.cuts = new Map();
      this.segmenter = Intl.Segmenter ? new Intl.Segmenter('zh', {granularity: 'word'}) : null;
    }

    layout(items, blocked, selected) {
      const size = this.map.getSize(), shift = this.map.containerPointToLayerPoint([0, 0]);
      L.DomUtil.setPosition(this.svg, shift);
      this.frame = boxAt(size.x / 2, size.y / 2, size.x - 6, size.y - 6);
      const columns = Math.ceil(size.x / GRID), ink = new Uint8Array(columns * Math.ceil(size.y / GRID)), taken = blocked.slice();
      for (const item of items) {
        if (item.kind === 'point') {
          const half = symbolSize(item.style);
          item.at = this.map.latLngToContainerPoint(item.latlng);
          taken.push(boxAt(item.at.x, item.at.y, half, half));
          continue;
        }
        item.parts = (item.object._parts || []).map((part) => part.map((p) => p.subtract(shift)));
        if (item.kind === 'line') this.stain(item.parts, ink, columns);
      }
      const rank = (item) => (item.id === selected ? -1 : item.feature.rank ?? 9);
      const order = items.filter((item) => item.feature.label || item.id === selected)
        .sort((a, b) => rank(a) - rank(b) || b.layer.z - a.layer.z || a.index - b.index);
      const names = [];
      for (const item of order) {
        const place = this.best(item, taken, ink, columns);
        if (!place) continue;
        taken.push(...place.boxes);
        names.push(this.write(item, place, item.id === selected));
      }
      refill(this.svg, ...names);
    }

    stain(parts, ink, columns) {
      for (const part of parts) {
        for (let i = 1; i < part.length; i++) {
          const a = part[i - 1], b = part[i], steps = Math.min(400, Math.ceil(a.distanceTo(b) / GRID));
          for (let k = 0; k <= steps; k++) {
            const x = a.x + ((b.x - a.x) * k) / (steps || 1), y = a.y + ((b.y - a.y) * k) / (steps || 1);
            if (within({x0: x, y0: y, x1: x, y1: y}, this.frame)) ink[Math.floor(y / GRID) * columns + Math.floor(x / GRID)] = 1;
          }
        }
      }
    }

    best(item, taken, ink, columns) {
      let best = null;
      for (const place of this.candidates(item)) {
        if (best && place.cost >= best.cost) continue;
        if (!place.boxes.every((box) => within(box, this.frame) && !taken.some((other) => overlap(box, other)))) continue;
        if (item.kind !== 'line') {
          const {x0, y0, x1, y1} = place.boxes[0];
          let stained = 0;
          for (let y = Math.floor(y0 / GRID); y <= y1 / GRID; y++) {
            for (let x = Math.floor(x0 / GRID); x <= x1 / GRID; x++) stained += ink[y * columns + x];
          }
          place.cost += stained * 0.3;
        }
        if (!best || place.cost < best.cost) best = place;
      }
      return best;
    }

    /** Text, broken into lines, with its size in pixels. */
    block(item, lines = 1) {
      const text = item.feature.label || item.feature.name || '', {size = 12, weight = 500, spread = 0} = item.style.label || {};
      const cut = lines === 1 ? text.length : this.middle(text), rows = [text.slice(0, cut), text.slice(cut)].filter(Boolean);
      const width = (row) => {
        const key = `${weight} ${size} ${row}`;
        if (!this.widths.has(key)) {
          this.pencil.font = `${weight} ${size}px ${this.family}`;
          this.widths.set(key, this.pencil.measureText(row).width);
        }
        return this.widths.get(key) + spread * row.length;
      };
      return {rows, w: Math.max(...rows.map(width)) + 4, h: rows.length * size * 1.2 + 2};
    }

    /** The word boundary nearest the middle: Chinese has no spaces, but the browser knows its words. */
    middle(text) {
      if (!this.cuts.has(text)) {
        const half = text.length / 2, words = this.segmenter ? [...this.segmenter.segment(text)].map((word) => word.index) : [];
        const best = words.filter(Boolean).sort((a, b) => Math.abs(a - half) - Math.abs(b - half))[0];
        this.cuts.set(text, best && Math.abs(best - half) <= text.length / 4 ? best : Math.ceil(half));
      }
      return this.cuts.get(text);
    }

    candidates(item) {
      const label = item.feature.label || item.feature.name || '';
      if (item.kind === 'point') {
        const gap = symbolSize(item.style) / 2 + (item.style.hollow ? 4 : 1);
        return this.beside(item.at, gap, this.block(item, label.length > 11 ? 2 : 1));
      }
      return item.kind === 'line' ? this.along(item) : this.inside(item, label);
    }

    beside(at, gap, block) {
      return BESIDE.map(([dx, dy, cost]) => {
        const reach = dx && dy ? gap * 0.75 : gap + 2, x = at.x + dx * (reach + block.w / 2), y = at.y + dy * (reach + block.h / 2 - 1);
        return {...block, x, y, cost, boxes: [boxAt(x, y, block.w, block.h)]};
      });
    }

    along(item) {
      const block = this.block(item), {w, h} = block, places = [];
      for (const part of item.parts) {
        const run = [0];
        for (let i = 1; i < part.length; i++) run.push(run[i - 1] + part[i].distanceTo(part[i - 1]));
        const total = run[run.length - 1];
        const at = (s) => {
          const i = Math.max(1, run.findIndex((r) => r >= s)), a = part[i - 1], b = part[i], t = (s - run[i - 1]) / (run[i] - run[i - 1] || 1);
          return {x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t};
        };
        if (total < w * 0.9) { // too short to carry its name: the name stands beside its middle
          if (total > 14) places.push(...this.beside(at(total / 2), 4, block).map((place) => ({...place, cost: place.cost + 3})));
          continue;
        }
        for (const spot of total > 4 * w ? [...SPOTS, 0.3, 0.7, 0.14, 0.86] : SPOTS) {
          const s = spot * total;
          if (s < w / 2 || s > total - w / 2) continue;
          const a = at(s - w / 2), b = at(s + w / 2), mid = at(s), straight = Math.hypot(b.x - a.x, b.y - a.y) / w;
          if (straight < 0.86) continue;
          let angle = (Math.atan2(b.y - a.y, b.x - a.x) * 180) / Math.PI;
          if (angle > 90 || angle <= -90) angle += angle > 0 ? -180 : 180;
          const x = (a.x + b.x + 2 * mid.x) / 4, y = (a.y + b.y + 2 * mid.y) / 4, turn = (angle * Math.PI) / 180, n = Math.ceil(w / h);
          const boxes = Array.from({length: n}, (_, i) => {
            const d = ((i + 0.5) / n - 0.5) * (w - h * 0.4);
            return boxAt(x + d * Math.cos(turn), y + d * Math.sin(turn), h * 0.9, h * 0.9);
          });
          places.push({...block, x, y, angle, boxes, cost: Math.abs(spot - 0.5) * 2 + (1 - straight) * 20});
        }
      }
      return places;
    }

    inside(item, label) {
      const {x0, y0, x1, y1} = this.frame, frame = L.bounds([x0, y0], [x1, y1]);
      const rings = item.parts.map((part) => L.PolyUtil.clipPolygon(part, frame)).filter((ring) => ring.length > 2);
      if (!rings.length) return [];
      const areas = rings.map(extent), largest = areas.reduce((a, b) => ((a.x1 - a.x0) * (a.y1 - a.y0) >= (b.x1 - b.x0) * (b.y1 - b.y0) ? a : b));
      const heart = pole(rings, largest), room = largest.x1 - largest.x0;
      if (heart.depth < 9) return this.beside(heart, Math.max(2, heart.depth), this.block(item));
      const places = [];
      for (const lines of label.length > 5 ? [1, 2] : [1]) {
        const block = this.block(item, lines), {w, h} = block;
        if (w > room * 1.05) continue; // a name wider than its area waits for a closer look
        const spill = Math.max(0, w / 2 - heart.depth * 1.3) / 12 + (lines - 1) * 0.8;
        for (const [dx, dy] of AROUND) {
          const x = heart.x + dx * w, y = heart.y + dy * h;
          if (depthIn(rings, x, y) > 4) places.push({...block, x, y, cost: spill + Math.hypot(dx * 3, dy), boxes: [boxAt(x, y, w, h)]});
        }
      }
      // A site is named beside itself at once.
      return places.length || !item.layer.spec.own ? places : this.beside(heart, room / 2, this.block(item));
    }

    write(item, {x, y, angle = 0, rows}, selected) {
      const {size = 12, weight = 500, color = '#2b3440', spread = 0} = item.style.label || {};
      // Chinese on a steep line is set upright from top to bottom, as on printed maps; anything else is turned.
      const upright = Math.abs(angle) > 50 && /^[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef、·()]+$/.test(rows[0]);
      const turn = upright ? (angle > 0 ? angle - 90 : angle + 90) : angle;
      const node = svg('text', {class: `atlas-label${upright ? ' upright' : ''}${selected ? ' selected' : ''}`, fill: color,
        'font-size': size, 'font-weight': weight, 'letter-spacing': spread || null,
        transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})${turn ? ` rotate(${turn.toFixed(1)})` : ''}`},
      ...rows.map((row, i) => svg('tspan', {x: upright ? 0 : spread / 2, y: upright ? spread / 2 : (i - (rows.length - 1) / 2) * size * 1.2}, row)));
      if (item.kind === 'point') node.atlasItem = item; // a small symbol's name is a target too
      return node;
    }
  }

  // ---- Layer panel -----------------------------------------------------------------------------------------------------
  /** Groups, layers, legend, opacity and basemaps in one list; works without the host. */
  class Panel {
    constructor(atlas) {
      this.atlas = atlas;
      this.open = atlas.map.getSize().x >= NARROW;
      this.closed = new Map(); // group id → folded by the user; else a group with nothing on starts folded
      this.sliders = new Set(); // layer ids whose opacity is shown
      this.id = L.stamp(this);
      this.toggle = html('button', {type: 'button', class: 'atlas-panel-toggle', 'aria-controls': `atlas-panel-${this.id}`,
        onclick: () => this.fold(!this.open)});
      this.body = html('div', {class: 'atlas-panel-body', id: `atlas-panel-${this.id}`});
      this.node = atlas.control('topright', html('section', {class: 'atlas-panel atlas-box'}, this.toggle, this.body));
    }

    fold(open) {
      this.open = open;
      this.sync();
      this.atlas.relabel();
    }

    render(spec) {
      const {words, groups, layers, basemaps, basis_legend: basis} = spec;
      const signature = JSON.stringify([words, groups, basemaps, basis, layers.map((l) => [l.id, l.hash, l.title, l.classes, l.group, l.on])]);
      if (signature !== this.signature) { // keep focus and scrolling through updates that change nothing here
        this.signature = signature;
        this.rows = new Map();
        const scroll = this.body.scrollTop, top = layers.slice().reverse();
        const sections = groups.map((group) => [group, top.filter((layer) => layer.group === group.id)]).filter(([, own]) => own.length);
        const rest = top.filter((layer) => !groups.some((group) => group.id === layer.group));
        if (rest.length) sections.push([{id: '', title: this.atlas.word('layers')}, rest]);
        refill(this.body, ...sections.map(([group, own]) => this.group(group, own)), this.basis(basis || []), this.basemaps(basemaps || []));
        this.body.scrollTop = scroll;
      }
      this.sync();
    }

    group(group, layers) {
      const real = layers.filter(drawable);
      const off = real.length > 0 && !real.some((layer) => this.atlas.layers.get(layer.id).visible);
      const row = {group, real, folded: this.closed.get(group.id) ?? (off || (this.atlas.spec.draw && !layers.some((layer) => layer.own)))};
      const all = html('input', {type: 'checkbox', 'aria-label': group.title, disabled: !real.length,
        onchange: () => this.atlas.setVisible(real.map((layer) => layer.id), all.checked)});
      const fold = html('button', {type: 'button', class: 'atlas-fold', onclick: () => {
        row.folded = !row.folded;
        this.closed.set(group.id, row.folded);
        this.sync();
      }}, html('span', {}, group.title), icon(ICONS.chevron));
      const list = html('div', {class: 'atlas-group-list'}, ...layers.map((layer) => this.layer(layer)));
      this.rows.set(`group ${group.id}`, Object.assign(row, {all, fold, list}));
      return html('fieldset', {class: 'atlas-group'}, html('legend', {class: 'atlas-hidden'}, group.title),
        html('div', {class: 'atlas-group-head'}, all, fold), list);
    }

    layer(layer) {
      const empty = !drawable(layer), used = new Set(layer.features.map((feature) => feature.c || 0));
      const classes = layer.classes.map((entry, index) => ({...entry, index})).filter((entry) => layer.image || used.has(entry.index));
      const sample = (entry) => swatch(entry.style || {}, layer.geometry,
        (entry.style || {}).arrow || layer.features.some((feature) => feature.arrow && (feature.c || 0) === entry.index));
      const single = classes.length === 1 && (!classes[0].title || classes[0].title === layer.title);
      const box = html('input', {type: 'checkbox', disabled: empty, onchange: () => this.atlas.setVisible([layer.id], box.checked)});
      const label = `${this.atlas.word('opacity')} · ${layer.title}`;
      const slider = html('input', {type: 'range', min: 10, max: 100, step: 5, 'aria-label': label,
        oninput: () => this.atlas.setOpacity(layer.id, slider.value / 100)});
      const more = html('button', {type: 'button', class: 'atlas-more', 'aria-label': label, title: label, onclick: () => {
        if (!this.sliders.delete(layer.id)) this.sliders.add(layer.id);
        this.sync();
      }}, icon(ICONS.opacity));
      const legend = html('ul', {class: 'atlas-classes'}, ...(single ? [] : classes).map((entry) =>
        html('li', {}, sample(entry), html('span', {}, entry.title))));
      this.rows.set(layer.id, {layer, box, slider, more, legend});
      return html('div', {class: `atlas-layer${empty ? ' empty' : ''}`},
        html('div', {class: 'atlas-layer-head'},
          html('label', {}, box, single ? sample(classes[0]) : null, html('span', {}, layer.title)), empty ? null : more),
        empty ? html('p', {class: 'atlas-empty'}, this.atlas.word('empty_layer')) : slider, legend);
    }

    basis(rows) {
      return rows.length ? html('section', {class: 'atlas-group'}, html('h2', {}, this.atlas.word('basis')),
        html('ul', {class: 'atlas-classes atlas-basis'}, ...rows.map((row) => html('li', {}, swatch(row.style || {}, row.geometry), html('span', {}, row.title))))) : null;
    }

    basemaps(basemaps) {
      this.radios = basemaps.map((basemap) => [basemap.id, html('input', {type: 'radio', name: `atlas-basemap-${this.id}`,
        onchange: () => this.atlas.setBasemap(basemap.id, true)})]);
      return basemaps.length > 1 ? html('fieldset', {class: 'atlas-group atlas-basemaps'}, html('legend', {}, this.atlas.word('basemap')),
        ...basemaps.map((basemap, i) => html('label', {}, this.radios[i][1], html('span', {}, basemap.title)))) : null;
    }

    /** State into the controls: what is on, half on, folded, how opaque. */
    sync() {
      const {atlas} = this;
      this.node.classList.toggle('folded', !this.open);
      this.toggle.setAttribute('aria-expanded', this.open);
      for (const {group, folded, all, fold, list, real, layer, box, slider, more, legend} of (this.rows || new Map()).values()) {
        if (group) {
          const on = real.filter((entry) => atlas.layers.get(entry.id).visible).length;
          all.checked = on > 0 && on === real.length;
          all.indeterminate = on > 0 && on < real.length;
          list.hidden = folded;
          fold.setAttribute('aria-expanded', !folded);
        } else {
          const live = atlas.layers.get(layer.id), shown = this.sliders.has(layer.id);
          box.checked = live.visible && drawable(layer);
          legend.hidden = !live.visible || !legend.childElementCount;
          slider.hidden = !shown;
          slider.value = Math.round(atlas.opacityOf(layer.id) * 100);
          more.setAttribute('aria-expanded', shown);
        }
      }
      for (const [id, radio] of this.radios || []) radio.checked = id === atlas.basemap;
    }
  }

  // ---- Only in the self-contained file: search, card, note -------------------------------------------------------------
  /** ARIA combobox over the names of all features. */
  class Search {
    constructor(atlas) {
      const id = `atlas-search-${L.stamp(this)}`;
      this.atlas = atlas;
      this.list = html('ul', {id, role: 'listbox', class: 'atlas-results', hidden: true});
      this.input = html('input', {type: 'text', role: 'combobox', autocomplete: 'off',
        'aria-autocomplete': 'list', 'aria-controls': id, 'aria-expanded': 'false', oninput: () => this.match(), onfocus: () => this.match(), onblur: () => this.show([]), onkeydown: (event) => this.key(event)});
      atlas.bind(this.input, 'aria-label', 'search');
      atlas.bind(this.input, 'placeholder', 'search');
      atlas.bind(this.list, 'aria-label', 'search');
      this.node = atlas.control('topleft', html('div', {class: 'atlas-search'}, this.input, this.list));
    }

    match() {
      const text = this.input.value.trim().toLowerCase();
      const score = (item) => item.feature.name.toLowerCase().indexOf(text) * 10 + (item.feature.rank ?? 9);
      const found = text ? this.atlas.items.filter((item) => item.feature.name && item.feature.name.toLowerCase().includes(text)) : [];
      this.show(found.sort((a, b) => score(a) - score(b)).slice(0, 12), Boolean(text));
    }

    show(found, asked = false) {
      this.found = found;
      this.at = found.length ? 0 : -1;
      refill(this.list, ...found.map((item, i) => html('li', {role: 'option', id: `${this.list.id}-${i}`, onmousedown: (event) => {
        event.preventDefault();
        this.choose(i);
      }}, html('span', {}, item.feature.name), html('small', {}, item.layer.spec.title))),
      asked && !found.length ? html('li', {role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false', class: 'none'},
        this.atlas.word('no_match')) : null);
      this.list.hidden = !this.list.childElementCount;
      this.input.setAttribute('aria-expanded', !this.list.hidden);
      this.mark();
    }

    mark() {
      [...this.list.children].forEach((row, i) => row.setAttribute('aria-selected', i === this.at));
      if (this.at < 0) this.input.removeAttribute('aria-activedescendant');
      else this.input.setAttribute('aria-activedescendant', `${this.list.id}-${this.at}`);
      if (this.at >= 0) this.list.children[this.at].scrollIntoView({block: 'nearest'});
    }

    key(event) {
      const step = {ArrowDown: 1, ArrowUp: -1}[event.key], n = this.found ? this.found.length : 0;
      if (step && n) this.at = (this.at + step + n) % n;
      else if (event.key === 'Enter' && this.at >= 0) this.choose(this.at);
      else if (event.key === 'Escape' && !this.list.hidden) this.show([]);
      else return;
      event.preventDefault();
      event.stopPropagation();
      this.mark();
    }

    choose(i) {
      const item = this.found[i];
      this.input.value = item.feature.name;
      this.show([]);
      this.atlas.select(item.id, true);
      this.atlas.fly(item.id);
    }
  }

  /** The card of the selected feature. */
  class Card {
    constructor(atlas) {
      this.atlas = atlas;
      this.node = html('section', {class: 'atlas-card atlas-box', 'aria-live': 'polite', hidden: true});
      atlas.bind(this.node, 'aria-label', 'card');
      L.DomEvent.disableClickPropagation(this.node).disableScrollPropagation(this.node);
      atlas.map.getContainer().append(this.node);
    }

    show(card) {
      this.node.hidden = !card;
      this.atlas.map.getContainer().classList.toggle('atlas-with-card', Boolean(card));
      if (!card) return;
      const word = (key) => this.atlas.word(key);
      refill(this.node,
        html('header', {}, html('div', {}, html('h2', {}, card.title), card.subtitle ? html('p', {}, card.subtitle) : null),
          html('button', {type: 'button', class: 'atlas-close', 'aria-label': word('close'), title: word('close'),
            onclick: () => this.atlas.select(null, true)}, icon(ICONS.close))),
        html('div', {class: 'atlas-card-body', tabindex: 0, role: 'group', 'aria-label': card.title},
          html('dl', {}, ...(card.rows || []).flatMap((row) => [html('dt', {}, row.label), html('dd', {}, row.value)])),
          card.statements && card.statements.length ? html('h3', {}, word('statements')) : null,
          ...(card.statements || []).map((statement) => html('blockquote', {}, html('p', {}, statement.phrase),
            html('footer', {}, [statement.where, statement.target].filter(Boolean).join(' · '))))));
    }
  }

  /** The sheet's note and what the text leaves open, folded. */
  class Note {
    constructor(atlas) {
      this.summary = html('summary');
      this.body = html('div', {class: 'atlas-note-body'});
      this.node = atlas.control('bottomleft', html('details', {class: 'atlas-note atlas-box'}, this.summary, this.body));
      this.node.addEventListener('toggle', () => atlas.arrange());
      atlas.bind(this.summary, 'text', 'note');
    }

    show(note, open, heading) {
      this.node.hidden = !note && !(open && open.length);
      refill(this.body, note ? html('p', {}, note) : null, open && open.length ? html('h2', {}, heading) : null,
        open && open.length ? html('ul', {}, ...open.map((line) => html('li', {}, line))) : null);
    }
  }

  // ---- Keyboard access to features -------------------------------------------------------------------------------------
  /** One tab stop for all features: a listbox of a single live option; arrows walk what is in view, Enter selects. */
  class Cursor {
    constructor(atlas) {
      const id = `atlas-option-${L.stamp(this)}`;
      this.atlas = atlas;
      this.at = -1;
      this.list = [];
      this.option = html('div', {role: 'option', id, 'aria-selected': 'false'});
      this.node = html('div', {class: 'atlas-cursor', role: 'listbox', tabindex: 0, 'aria-activedescendant': id, onfocus: () => this.enter(),
        onblur: () => this.rest(), onkeydown: (event) => this.key(event)}, this.option);
      atlas.bind(this.node, 'aria-label', 'features');
      this.rest();
      L.DomEvent.disableClickPropagation(this.node);
      atlas.map.getContainer().prepend(this.node); // the tab stop after the map itself
    }

    rest() {
      refill(this.option, this.atlas.word('features'));
      this.atlas.hover.show(null);
    }

    enter() {
      const view = this.atlas.map.getBounds();
      this.list = this.atlas.shown().reverse().filter((item) => item.feature.name && view.intersects(this.atlas.boundsOf(item)));
      const held = this.list.findIndex((item) => item.id === this.atlas.selected);
      this.go(held < 0 ? 0 : held);
    }

    go(index) {
      const n = this.list.length, item = n ? this.list[(index + n) % n] : null;
      this.at = n ? (index + n) % n : -1;
      refill(this.option, item ? html('b', {}, item.feature.name) : null, item && item.feature.hint ? html('span', {}, item.feature.hint) : null,
        html('small', {}, `${this.at + 1} / ${n}`));
      this.option.setAttribute('aria-selected', Boolean(item) && item.id === this.atlas.selected);
      this.atlas.hover.show(item);
    }

    key(event) {
      const step = {ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1}[event.key];
      if (step) this.go(this.at + step);
      else if (event.key === 'Home' || event.key === 'End') this.go(event.key === 'Home' ? 0 : -1);
      else if ((event.key === 'Enter' || event.key === ' ') && this.at >= 0) {
        this.atlas.select(this.list[this.at].id, true);
        this.go(this.at);
      } else return;
      event.preventDefault();
    }
  }

  // ---- The map ---------------------------------------------------------------------------------------------------------
  class AtlasMap {
    /**
     * @param {L.Map} map a Leaflet map without layers
     * @param {{onSelect?: function(string|null), onView?: function(object)}} hooks told of what the user does, never of pan and zoom
     */
    constructor(map, hooks = {}) {
      this.map = map;
      this.hooks = hooks;
      this.spec = null;
      this.layers = new Map(); // id → AtlasLayer
      this.touched = new Map(); // id → on/off as the user left it; outlives sheets
      this.opacities = new Map(); // the same for the sliders
      this.selected = null;
      this.basemap = null;
      this.bindings = [];
      this.stats = {updates: 0, layersBuilt: 0, layersKept: 0};

      const box = map.getContainer();
      box.classList.add('atlas-map');
      box.setAttribute('role', 'region');
      this.bind(box, 'aria-label', 'map');
      map.getPane('mapPane').setAttribute('aria-hidden', 'true'); // the cursor and the host's table speak for the drawing
      box.append(svg('svg', {class: 'atlas-defs', width: 0, height: 0, 'aria-hidden': 'true'}, defs.node));
      if (map.attributionControl) map.attributionControl.remove();
      if (map.zoomControl) map.zoomControl.remove();
      Object.assign(map.options, {zoomSnap: 0.25, zoomDelta: 0.5, wheelPxPerZoomLevel: 100, maxBoundsViscosity: 0.7});
      if (calm()) { // Leaflet reads the option only at birth; this is what it sets then
        map._zoomAnimated = false;
        map.options.inertia = false;
      }
      map.fitWorld({animate: false}); // some view to start from, whatever the shell has set
      this.hover = new Highlight(map, 'hover', Z.hover);
      this.mark = new Highlight(map, 'select', Z.select);
      this.labels = new Labels(map);
      this.tooltip = L.tooltip({className: 'atlas-tooltip', opacity: 1, offset: [0, -8]});
      this.chrome();
      this.parts = [];
      this.listen();
      this.parts = AtlasMap.parts.map((part) => part(this));
    }

    // -- what the host calls

    /** Shows a spec; whatever it shares with the last one stays as it is, the user's view and switches included. */
    update(given) {
      const spec = window.AtlasSurface.merged(given);
      const last = this.spec || {};
      this.spec = spec;
      this.stats.updates += 1;
      this.syncLayers(spec);
      if (!this.panel) {
        this.panel = new Panel(this);
        this.cursor = new Cursor(this);
      }
      if (spec.cards && !this.card) {
        Object.assign(this, {search: new Search(this), card: new Card(this), note: new Note(this)});
        this.title.after(this.search.node);
      }
      if (this.note) this.note.show(spec.note, spec.left_open, this.word('left_open'));
      if (spec.basemap !== last.basemap) this.setBasemap(spec.basemap);
      this.panel.render(spec);
      this.relabel();
      const known = this.item(spec.selected) ? spec.selected : null;
      if (known !== this.selected) this.select(known);
      else this.remark(); // its layer may have been rebuilt
      if (this.hover.item && !this.items.includes(this.hover.item)) this.leave();
      this.view(spec, last);
      for (const part of this.parts) part.update(spec);
      if (known && (spec.fly || 0) > (last.fly || 0)) this.fly(known);
      this.arrange();
    }

    /** Goes on where another map of the same sheet was left: view, switches and selection. */
    inherit(other) {
      if (other.spec.sheet !== this.spec.sheet) return;
      for (const [id, on] of other.touched) if (this.layers.has(id)) this.setVisible([id], on);
      for (const [id, opacity] of other.opacities) if (this.layers.has(id)) this.setOpacity(id, opacity);
      if (other.moved) {
        this.moved = true;
        this.map.setView(other.map.getCenter(), other.map.getZoom(), {animate: false});
      }
      // What it was given it may not know (a user's own sites); only what was chosen there counts.
      const chose = other.selected !== (other.spec.selected ?? null);
      if (chose && other.selected !== this.selected) this.select(other.selected, true);
      this.panel.sync();
    }

    /** Layers in drawing order, for tests. */
    drawn() {
      return [...this.layers.values()].sort((a, b) => a.z - b.z).map((layer) =>
        ({id: layer.spec.id, features: layer.items.length, z: layer.z, visible: layer.visible}));
    }

    /** A feature's click point, where possible one at which nothing else lies above it. */
    find(id) {
      const item = this.item(id);
      if (!item) return null;
      const box = this.map.getContainer().getBoundingClientRect(), points = this.probes(item);
      const free = points.find(({x, y}) => this.hits(x + box.left, y + box.top)[0] === item) || points[0];
      const {lat, lng} = this.map.containerPointToLatLng([free.x, free.y]);
      return {lat, lng, x: free.x, y: free.y};
    }

    // -- layers

    syncLayers(spec) {
      const hidden = new Set(spec.hidden || []), wanted = new Set(spec.layers.map((layer) => layer.id));
      for (const [id, layer] of this.layers) {
        if (!wanted.has(id)) {
          layer.remove();
          this.layers.delete(id);
        }
      }
      spec.layers.forEach((entry, index) => {
        let layer = this.layers.get(entry.id);
        if (layer && layer.spec.hash === entry.hash) {
          layer.adopt(entry);
          this.stats.layersKept += 1;
        } else {
          if (layer) layer.remove();
          layer = new AtlasLayer(this.map, entry);
          this.layers.set(entry.id, layer);
          this.stats.layersBuilt += 1;
        }
        layer.z = Z.layers + index;
        layer.pane.style.zIndex = layer.z;
        layer.pane.style.opacity = this.opacityOf(entry.id);
        const usual = hidden.has(`!${entry.id}`) || (entry.on !== false && !hidden.has(entry.id));
        layer.visible = this.touched.has(entry.id) ? this.touched.get(entry.id) : usual;
      });
      this.items = spec.layers.flatMap((entry) => this.layers.get(entry.id).items);
    }

    item(id) {
      return id === null || id === undefined ? null : this.items.find((item) => item.id === id) || null;
    }

    /** Items of the visible layers, bottom first. */
    shown() {
      return this.items.filter((item) => item.layer.visible);
    }

    opacityOf(id) {
      return this.opacities.get(id) ?? this.layers.get(id).spec.opacity ?? 1;
    }

    setOpacity(id, opacity) {
      this.opacities.set(id, opacity);
      this.layers.get(id).pane.style.opacity = opacity;
    }

    setVisible(ids, on) {
      for (const id of ids) {
        this.touched.set(id, on);
        this.layers.get(id).visible = on;
      }
      this.hover.show(null);
      this.panel.sync();
      this.remark();
      this.arrange();
      this.tellView();
    }

    setBasemap(id, told = false) {
      const basemap = (this.spec.basemaps || []).find((entry) => entry.id === id) || {id: 'none'};
      this.basemap = basemap.id;
      (this.tiles || []).forEach((layer) => layer.remove());
      this.tiles = [basemap.url, basemap.overlay_url].filter(Boolean).map((url) => L.tileLayer(url, {maxZoom: 18}).addTo(this.map));
      if (this.tiles.length) this.tiles[0].once('tileerror', () => this.notify(this.word('basemap_failed')));
      this.attribution = basemap.attribution || '';
      if (!told) return;
      this.relabel();
      this.tellView();
    }

    // -- selection

    /** @param {string|null} id @param {boolean} [told] true when the user did it, so that the host hears of it */
    select(id, told = false) {
      const item = this.item(id), changed = this.selected !== (item ? item.id : null);
      this.selected = item ? item.id : null;
      this.remark();
      this.hover.show(null);
      this.tooltip.remove();
      if (this.card) this.card.show(item && this.spec.cards ? this.spec.cards[item.id] : null);
      this.arrange();
      if (!told || !changed) return;
      if (this.hooks.onSelect) this.hooks.onSelect(this.selected);
      this.tellView();
    }

    /** Marks the selected feature on the map, unless its layer is off. */
    remark() {
      const item = this.item(this.selected);
      this.mark.show(item && item.layer.visible ? item : null);
    }

    fly(id) {
      const item = this.item(id);
      this.flight = this.sized ? null : id;
      if (!item || this.flight) return;
      if (!item.layer.visible) this.setVisible([item.layer.spec.id], true);
      this.moved = true;
      this.map.fitBounds(this.boundsOf(item), {...this.insets(), maxZoom: Math.max(item.layer.spec.fly_zoom || FLY_ZOOM, this.map.getZoom()), animate: !calm()});
    }

    boundsOf(item) {
      return item.latlng ? item.latlng.toBounds(Math.max(500, 2.4 * (item.feature.sigma_m || 0))) : item.object.getBounds();
    }

    /** Features under a screen point, top-most first. */
    hits(x, y) {
      const nodes = document.elementsFromPoint(x, y);
      if (!nodes.length || nodes[0].closest('.leaflet-control, .atlas-card, .atlas-cursor')) return [];
      const items = [...new Set(nodes.map((node) => node.atlasItem || (node.parentNode && node.parentNode.atlasItem)).filter(Boolean))];
      return [...items.filter((item) => !item.unseen), ...items.filter((item) => item.unseen)];
    }

    tellView() {
      if (!this.hooks.onView) return;
      const hidden = this.spec.layers.filter((entry) => drawable(entry) && this.layers.get(entry.id).visible !== (entry.on !== false))
        .map((entry) => (entry.on === false ? `!${entry.id}` : entry.id));
      this.hooks.onView({hidden, basemap: this.basemap, selected: this.selected});
    }

    // -- view

    view(spec, last) {
      const same = last.view && JSON.stringify(last.view.bounds) === JSON.stringify(spec.view.bounds);
      this.limit();
      if (!same) this.home(last.view ? !calm() : false);
    }

    /** How far the map may be moved and zoomed out; depends on the window too. */
    limit() {
      if (!this.spec.max_bounds || !this.sized) return;
      const limits = L.latLngBounds(this.spec.max_bounds).pad(0.15); // room for the part of the map that the panel covers
      this.map.setMaxBounds(limits);
      if (this.spec.max_zoom) this.map.setMaxZoom(this.spec.max_zoom);
      this.map.options.minZoom = Math.max(0, this.map.getBoundsZoom(limits) - 0.5);
    }

    /** A frame may be born without height; until it has one there is nothing to fit into. */
    get sized() {
      const {x, y} = this.map.getSize();
      return x > 0 && y > 0;
    }

    home(animate) {
      this.moved = false;
      if (!this.sized) return; // resize() will be back
      this.map.fitBounds(this.spec.view.bounds, {...this.insets(), animate});
    }

    /** Padding that keeps what is flown to clear of title, panel and card. */
    insets() {
      const size = this.map.getSize(), wide = size.x >= NARROW, card = this.card && !this.card.node.hidden ? this.card.node : null;
      const side = card || this.panel.node, folded = !card && !this.panel.open;
      return {paddingTopLeft: [wide ? 28 : 14, Math.min(this.title.offsetHeight + 20, size.y / 4)],
        paddingBottomRight: [wide && !folded ? side.offsetWidth + 28 : 14, !wide && card ? card.offsetHeight + 14 : Math.min(36, size.y / 8)]};
    }

    /** Labels are laid out in the next frame, once, however often that is asked for. */
    arrange() {
      if (this.frame || !this.spec) return;
      this.frame = requestAnimationFrame(() => {
        this.frame = null;
        if (this.map._animatingZoom || !this.sized) return;
        const box = this.map.getContainer().getBoundingClientRect();
        const blocked = [...this.map.getContainer().querySelectorAll('.leaflet-control, .atlas-card')].map((node) => node.getBoundingClientRect())
          .filter((r) => r.width && r.height)
          .map((r) => boxAt((r.left + r.right) / 2 - box.left, (r.top + r.bottom) / 2 - box.top, r.width + 6, r.height + 6));
        for (const part of this.parts) part.layout();
        this.labels.layout(this.shown().filter((item) => !item.away), blocked, this.selected);
        this.labels.pane.classList.remove('atlas-away');
      });
    }

    /** Points at which a feature may be clicked, in container pixels, good ones first. */
    probes(item) {
      if (item.kind === 'point') return [this.map.latLngToContainerPoint(item.latlng)];
      const middle = this.map.latLngToContainerPoint(item.object.getBounds().getCenter());
      const shift = this.map.containerPointToLayerPoint([0, 0]), size = this.map.getSize();
      const parts = (item.object._parts || []).map((part) => part.map((p) => p.subtract(shift))).filter((part) => part.length);
      const visible = ({x, y}) => x > 0 && y > 0 && x < size.x && y < size.y;
      if (item.kind === 'line') {
        const points = parts.flatMap((part) => part.slice(1).flatMap((b, i) =>
          [0.5, 0.2, 0.8].map((t) => part[i].add(b.subtract(part[i]).multiplyBy(t)))));
        return [...points.filter(visible), middle];
      }
      if (!parts.length) return [middle];
      const box = extent(parts.flat()), best = pole(parts, box), grid = [];
      for (let i = 1; i < 14; i++) {
        for (let j = 1; j < 14; j++) grid.push({x: box.x0 + ((box.x1 - box.x0) * i) / 14, y: box.y0 + ((box.y1 - box.y0) * j) / 14});
      }
      return [best, ...grid.filter((p) => visible(p) && depthIn(parts, p.x, p.y) > 3)];
    }

    // -- chrome: title, buttons, scale, coordinates, footer

    word(key) {
      return (this.spec && this.spec.words && this.spec.words[key]) ?? key;
    }

    /** Ties an attribute (or the text) of an element to a word, so that another language only needs `relabel()`. */
    bind(node, attribute, key) {
      this.bindings.push([node, attribute, key]);
    }

    relabel() {
      const {spec} = this;
      for (const [node, attribute, key] of this.bindings) {
        if (attribute === 'text') node.textContent = this.word(key);
        else node.setAttribute(attribute, this.word(key));
      }
      this.map.getContainer().lang = spec.lang || '';
      refill(this.title, html('h1', {}, spec.title || ''), spec.subtitle ? html('p', {}, spec.subtitle) : null);
      this.footer.textContent = [spec.footer, this.attribution].filter(Boolean).join(' · ');
      this.footer.hidden = !this.footer.textContent;
      const text = this.panel.open ? `${this.word('layers')} · ${this.word('legend')}` : this.word('layers');
      refill(this.panel.toggle, icon(ICONS.layers), html('span', {}, text), icon(ICONS.chevron));
      this.panel.toggle.title = this.word(this.panel.open ? 'panel_hide' : 'panel_show');
      this.scale._update();
      this.showPosition();
    }

    control(position, node) {
      const control = L.control({position});
      control.onAdd = () => node;
      control.addTo(this.map);
      L.DomEvent.disableClickPropagation(node).disableScrollPropagation(node);
      return node;
    }

    chrome() {
      const {map} = this, button = (key, d, act) => {
        const node = html('button', {type: 'button', onclick: () => {
          this.moved = true;
          act();
        }}, icon(d));
        this.bind(node, 'aria-label', key);
        this.bind(node, 'title', key);
        return node;
      };
      this.title = this.control('topleft', html('div', {class: 'atlas-title'}));
      this.control('topleft', html('div', {class: 'atlas-zoom atlas-box'}, button('zoom_in', ICONS.plus, () => map.zoomIn()),
        button('zoom_out', ICONS.minus, () => map.zoomOut()), button('home', ICONS.home, () => this.home(!calm()))));
      this.position = this.control('bottomleft', html('div', {class: 'atlas-position'}));
      this.bind(this.position, 'title', 'coordinates');
      const Scale = L.Control.Scale.extend({_updateScale: (node, text, ratio) => { // Leaflet writes HTML and latin units here
        node.style.width = `${Math.round(110 * ratio)}px`;
        node.textContent = text.replace(/km$/, this.word('km')).replace(/m$/, (unit) => (text.endsWith('km') ? unit : this.word('m')));
      }});
      this.scale = new Scale({position: 'bottomleft', imperial: false, maxWidth: 110}).addTo(map);
      const north = svg('svg', {class: 'atlas-north', viewBox: '0 0 20 24', width: 20, height: 24, role: 'img'},
        svg('path', {d: 'M10 1L16 23 10 18.5Z', fill: '#fff'}), svg('path', {d: 'M10 1L4 23 10 18.5Z'}), svg('path', {d: 'M10 1L16 23 10 18.5 4 23Z', fill: 'none'}));
      this.bind(north, 'aria-label', 'north');
      this.scale.getContainer().prepend(north);
      this.footer = this.control('bottomright', html('div', {class: 'atlas-footer'}));
      this.notice = html('div', {class: 'atlas-notice', role: 'status'});
      map.getContainer().append(this.notice);
    }

    notify(text) {
      this.notice.textContent = text;
      clearTimeout(this.noticeTimer);
      this.noticeTimer = setTimeout(() => { this.notice.textContent = ''; }, 8000);
    }

    /** Coordinates of the pointer; of the map's centre while there is none. */
    showPosition(latlng) {
      const {lat, lng} = latlng || this.map.getCenter();
      const line = `${this.word('lon')} ${lng.toFixed(5)}  ${this.word('lat')} ${lat.toFixed(5)}`;
      const surface = latlng && [...this.layers.values()].find((layer) => layer.surface && layer.visible);
      const value = surface ? surface.surface.text(latlng) : '';
      this.position.textContent = latlng ? [value, line].filter(Boolean).join('  ·  ') : `${this.word('centre')}  ${line}`;
    }

    // -- events: all on the map, none per feature

    listen() {
      const {map} = this, box = map.getContainer(), byUser = () => { this.moved = true; };
      map.on('zoomstart', () => this.labels.pane.classList.add('atlas-away'));
      map.on('moveend', () => { this.arrange(); if (this.spec) this.showPosition(); });
      map.on('dragstart', byUser);
      for (const type of ['wheel', 'dblclick', 'keydown', 'touchmove']) box.addEventListener(type, byUser, {passive: true});
      map.on('mousemove', (event) => {
        this.showPosition(event.latlng);
        this.pointer = event;
        if (!this.pointing) this.pointing = requestAnimationFrame(() => this.point());
      });
      map.on('mouseout', () => { this.pointer = null; this.leave(); if (this.spec) this.showPosition(); });
      map.on('movestart', () => this.leave());
      map.on('click', (event) => this.click(event));
      // Leaflet focuses the map on a mouse press; the focus ring is for those who came by keyboard.
      box.addEventListener('mousedown', () => box.classList.add('atlas-by-mouse'), true);
      document.addEventListener('keydown', () => box.classList.remove('atlas-by-mouse'), true);
      box.addEventListener('focus', () => { if (this.spec) this.showPosition(); });
      box.addEventListener('keydown', (event) => { if (event.key === 'Escape' && !event.defaultPrevented && this.selected !== null) this.select(null, true); });
      new ResizeObserver(() => this.resize()).observe(box);
      this.resize();
    }

    resize() {
      const box = this.map.getContainer();
      box.classList.toggle('atlas-narrow', box.clientWidth < NARROW);
      box.style.setProperty('--atlas-height', `${box.clientHeight}px`);
      const {map} = this, centre = map.getCenter(), zoom = map.getZoom();
      map.invalidateSize({animate: false, pan: false});
      if (this.spec && this.sized) {
        this.limit();
        if (this.moved) map.setView(centre, zoom, {animate: false}); // to the last digit: Leaflet counts in whole pixels here
        else this.home(false); // a frame that grows keeps showing the whole sheet
        if (this.flight) this.fly(this.flight);
      }
      this.arrange();
    }

    point() {
      this.pointing = null;
      if (!this.pointer || this.parts.some((part) => part.busy)) return;
      const {originalEvent: at, latlng, containerPoint} = this.pointer, [item] = this.hits(at.clientX, at.clientY);
      if (!item) return this.leave();
      this.map.getContainer().classList.add('atlas-hot');
      if (item !== this.hover.item) {
        this.hover.show(item.id === this.selected ? null : item);
        this.hover.item = item;
        this.tooltip.setContent(html('div', {}, html('b', {}, item.feature.name), item.feature.hint ? html('span', {}, item.feature.hint) : null));
      }
      this.tooltip.options.direction = containerPoint.y < 90 ? 'bottom' : 'top';
      this.tooltip.options.offset = L.point(0, containerPoint.y < 90 ? 18 : -8);
      this.tooltip.setLatLng(latlng).addTo(this.map);
    }

    leave() {
      this.map.getContainer().classList.remove('atlas-hot');
      this.hover.show(null);
      this.tooltip.remove();
    }

    /** First click takes the top-most feature; further clicks on the same spot walk down through what lies beneath. */
    click({originalEvent: at, containerPoint}) {
      if (this.parts.some((part) => part.busy)) return;
      if (at.detail > 1) return; // the second half of a double click
      const hits = this.hits(at.clientX, at.clientY), again = this.lastClick && this.lastClick.distanceTo(containerPoint) < 5;
      const held = again ? hits.findIndex((item) => item.id === this.selected) : -1;
      this.lastClick = containerPoint;
      this.select(hits.length ? hits[(held + 1) % hits.length].id : null, true);
    }
  }

  // What other scripts add to every map: (atlas) => {update(spec), layout(), busy}; and what they need to look the same.
  AtlasMap.parts = [];
  AtlasMap.kit = {html, svg, icon, refill, symbolOf, calm};
  window.AtlasMap = AtlasMap;
})();
