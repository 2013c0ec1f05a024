/**
 * What the planning atlas' map can do with a user's own sites: draw and move them, and keep many or tiny ones readable.
 * Adds two parts to AtlasMap (see its `parts`), so it is loaded after atlasmap.js and before the first map is made.
 *
 *   spec.layers[].own        these features are the user's; without one, nothing here shows
 *   spec.layers[].cluster    many points: those close together on the screen become one mark with their number
 *   spec.show                {n, bounds}: with another n, the map shows all of these bounds
 *   spec.draw                true where sites can be drawn; hooks.onDraw({tool, coordinates | id, from, to}) then tells the host,
 *                            positions in degrees, longitude first
 *
 * Keys of `spec.words`: draw, draw_point, draw_line, draw_area, draw_move, hint_point, hint_line, hint_area, hint_move, hint_keys,
 *   draw_finish, draw_back, draw_cancel, too_few, hectares, km, m, cluster.
 */
(function () {
  'use strict';

  const {L, AtlasMap} = window;
  const {html, svg, icon, refill, symbolOf, calm} = AtlasMap.kit;
  const Z = {pins: 598, draw: 640};
  const TINY = 9; // px; an area or a line smaller than this gets a mark
  const APART = 46; // px; marks closer than this are joined
  const TOOLS = {
    point: 'M10 17.5S4.6 12 4.6 8a5.4 5.4 0 0 1 10.8 0C15.4 12 10 17.5 10 17.5zM10 6.4v3.2M8.4 8h3.2',
    line: 'M3.5 15.5L8 7l5 5 3.5-8M2.3 15.5h2.4M15.3 4h2.4', area: 'M4 6l8-2.5 4.5 6.5-4 6.5L5 15z',
    move: 'M10 2.5v15M2.5 10h15M7.5 5L10 2.5 12.5 5M7.5 15l2.5 2.5 2.5-2.5M5 7.5L2.5 10 5 12.5M15 7.5l2.5 2.5-2.5 2.5',
  };
  const LEAST = {point: 1, line: 2, area: 3, move: 1};
  const degrees = ({lat, lng}) => [Number(lng.toFixed(7)), Number(lat.toFixed(7))];

  /** Marks for what is too small to see, and one mark for many that would cover each other. */
  class Pins {
    constructor(atlas) {
      this.atlas = atlas;
      this.busy = false;
      atlas.map.createPane('atlas-pins').style.zIndex = Z.pins;
      this.group = L.layerGroup().addTo(atlas.map);
    }

    update(spec) {
      this.state = null;
      const {map} = this.atlas, {n, bounds} = spec.show || {};
      if (!bounds || n === this.seen || !this.atlas.sized) return;
      this.seen = n;
      if (map.getBounds().contains(bounds)) return;
      this.atlas.moved = true;
      map.fitBounds(bounds, {...this.atlas.insets(), maxZoom: 13, animate: !calm()});
    }

    /** Runs whenever names are laid out; does nothing while zoom and layers are what they were. */
    layout() {
      const {map} = this.atlas, items = this.atlas.shown().filter((item) => item.layer.spec.own);
      const state = `${map.getZoom()} ${[...new Set(items.map((item) => L.stamp(item.layer)))]}`;
      if (state === this.state) return;
      this.state = state;
      this.group.clearLayers();
      const groups = [], seeds = new Map(); // grid cell → groups whose first member lies in it
      for (const item of items) {
        const center = item.latlng || item.object.getBounds().getCenter(), at = map.project(center, map.getZoom());
        if (item.kind !== 'point') {
          const box = item.object.getBounds(), from = map.project(box.getNorthWest()), to = map.project(box.getSouthEast());
          item.tiny = to.x - from.x < TINY && to.y - from.y < TINY;
        }
        const many = item.layer.spec.cluster && map.getZoom() < map.getMaxZoom() && (item.kind === 'point' || item.tiny);
        const near = many ? this.near(seeds, at) : null, member = {item, center, at};
        if (near) near.push(member);
        else {
          groups.push([member]);
          const key = `${Math.floor(at.x / APART)} ${Math.floor(at.y / APART)}`;
          if (many) seeds.set(key, [...(seeds.get(key) || []), groups[groups.length - 1]]);
        }
      }
      for (const members of groups) {
        const joined = members.length > 1;
        for (const {item, center} of members) {
          item.away = joined;
          if (joined && item.kind === 'point') item.layer.group.removeLayer(item.object);
          else if (!item.layer.group.hasLayer(item.object)) item.layer.group.addLayer(item.object);
          if (!joined && item.tiny) this.mark(item, center);
        }
        if (joined) this.cluster(members);
      }
    }

    /** The group whose first member is near enough to be joined; first members, where the marks stand, are never too close. */
    near(seeds, at) {
      const x = Math.floor(at.x / APART), y = Math.floor(at.y / APART);
      for (let i = x - 1; i <= x + 1; i++) {
        for (let j = y - 1; j <= y + 1; j++) {
          for (const group of seeds.get(`${i} ${j}`) || []) if (group[0].at.distanceTo(at) < APART) return group;
        }
      }
      return null;
    }

    mark(item, center) {
      const color = item.style.fill || item.style.color;
      const node = html('div', {class: 'atlas-symbol'}, symbolOf({symbol: 'diamond', fill: color, color: '#fff', weight: 1.2, size: 13}));
      node.atlasItem = item;
      this.group.addLayer(L.marker(center, {pane: 'atlas-pins', interactive: false, keyboard: false,
        icon: L.divIcon({className: 'atlas-marker', iconSize: [18, 18], html: node})}));
    }

    cluster(members) {
      const {map} = this.atlas, box = L.latLngBounds(members.map(({center}) => center)), n = members.length;
      const size = Math.round(24 + Math.min(20, 5 * Math.log2(n)));
      const text = this.atlas.word('cluster').replace('{n}', n);
      const node = html('div', {class: 'atlas-cluster', title: text, style: `width:${size}px;height:${size}px`}, String(n));
      L.DomEvent.disableClickPropagation(node);
      node.addEventListener('click', () => {
        this.atlas.moved = true;
        map.fitBounds(box.pad(0.2), {...this.atlas.insets(), maxZoom: Math.min(map.getMaxZoom(), map.getZoom() + 3), animate: !calm()});
      });
      this.group.addLayer(L.marker(members[0].center, {pane: 'atlas-pins', interactive: false, keyboard: false,
        icon: L.divIcon({className: 'atlas-marker', iconSize: [size, size], html: node})}));
    }
  }

  /** The tools: a point, a line, an area, and moving what is selected; with the mouse, a finger, or the keys alone. */
  class Drawing {
    constructor(atlas) {
      this.atlas = atlas;
      this.tool = null;
      this.points = [];
      const {map} = atlas;
      map.createPane('atlas-draw').style.zIndex = Z.draw;
      map.getPane('atlas-draw').style.pointerEvents = 'none';
      this.renderer = L.svg({pane: 'atlas-draw'});
      this.group = L.layerGroup().addTo(map);
      this.buttons = new Map(Object.keys(TOOLS).map((tool) => [tool, html('button', {type: 'button', 'aria-pressed': 'false',
        onclick: () => (this.tool === tool ? this.stop() : this.start(tool))}, icon(TOOLS[tool]))]));
      for (const [tool, button] of this.buttons) {
        atlas.bind(button, 'aria-label', `draw_${tool}`);
        atlas.bind(button, 'title', `draw_${tool}`);
      }
      this.node = atlas.control('topleft', html('div', {class: 'atlas-zoom atlas-draw atlas-box', role: 'group', hidden: true}, ...this.buttons.values()));
      atlas.bind(this.node, 'aria-label', 'draw');
      this.said = html('p', {role: 'status'});
      this.actions = {back: () => this.back(), finish: () => this.finish(), cancel: () => this.stop()};
      this.knobs = Object.fromEntries(Object.entries(this.actions).map(([key, act]) => [key, html('button', {type: 'button', onclick: act})]));
      for (const [key, knob] of Object.entries(this.knobs)) atlas.bind(knob, 'text', `draw_${key}`);
      this.bar = html('div', {class: 'atlas-drawbar atlas-box', hidden: true}, this.said, ...Object.values(this.knobs));
      L.DomEvent.disableClickPropagation(this.bar);
      this.aim = svg('svg', {class: 'atlas-aim', viewBox: '0 0 40 40', width: 40, height: 40, 'aria-hidden': 'true'},
        svg('path', {d: 'M20 4v11M20 25v11M4 20h11M25 20h11', stroke: '#fff', 'stroke-width': 4.5}),
        svg('path', {d: 'M20 4v11M20 25v11M4 20h11M25 20h11'}), svg('circle', {cx: 20, cy: 20, r: 1.6}));
      map.getContainer().append(this.bar, this.aim);
      this.listen();
    }

    get busy() {
      return this.tool !== null;
    }

    update(spec) {
      this.node.hidden = !spec.draw;
      if (!spec.draw && this.busy) this.stop();
      if (!this.busy) this.group.clearLayers(); // what was drawn is now among the sites
      this.layout();
    }

    layout() {
      const item = this.atlas.item(this.atlas.selected);
      this.buttons.get('move').disabled = !(item && item.layer.spec.own);
    }

    listen() {
      const {map} = this.atlas, box = map.getContainer();
      map.on('click', ({latlng, originalEvent}) => {
        if (this.busy && (originalEvent.detail || 1) === 1) this.add(latlng);
      });
      map.on('dblclick', () => { if (this.busy) this.finish(); });
      map.on('mousemove', ({latlng}) => { if (this.busy) this.draw(latlng); });
      map.on('move', () => { if (this.busy && !box.classList.contains('atlas-by-mouse')) this.draw(map.getCenter()); });
      box.addEventListener('keydown', (event) => {
        const act = this.busy && event.target === box
          && {' ': () => this.add(map.getCenter()), Enter: this.actions.finish, Backspace: this.actions.back}[event.key];
        if (act) act();
        else if (this.busy && event.key === 'Escape') this.stop();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }, true);
    }

    start(tool) {
      this.stop();
      const {map} = this.atlas;
      this.tool = tool;
      this.held = tool === 'move' ? this.atlas.item(this.atlas.selected) : null;
      this.atlas.leave();
      map.doubleClickZoom.disable();
      map.getContainer().classList.add('atlas-drawing');
      map.getContainer().focus({preventScroll: true});
      this.show();
    }

    stop() {
      const {map} = this.atlas;
      this.tool = this.held = null;
      this.points = [];
      this.group.clearLayers();
      map.doubleClickZoom.enable();
      map.getContainer().classList.remove('atlas-drawing');
      this.show();
    }

    add(latlng) {
      this.points.push(latlng);
      if (LEAST[this.tool] === 1) this.finish();
      else {
        this.draw(latlng);
        this.show();
      }
    }

    back() {
      this.points.pop();
      this.draw();
      this.show();
    }

    finish() {
      const {tool, held, points} = this;
      if (points.length < LEAST[tool]) {
        this.show(this.atlas.word('too_few').replace('{n}', LEAST[tool]));
        return;
      }
      const from = held && (held.latlng || held.object.getBounds().getCenter());
      this.stop();
      this.sketch(tool === 'move' ? this.shifted(held, points[0]) : points, tool === 'move' ? held.kind : tool);
      if (!this.atlas.hooks.onDraw) return;
      this.atlas.hooks.onDraw(tool === 'move' ? {tool, id: held.id, from: degrees(from), to: degrees(points[0])}
        : {tool, coordinates: points.map(degrees)});
    }

    /** The bar below: what to do now, how long or large it is, and the ways out. */
    show(trouble = '') {
      const word = (key) => this.atlas.word(key), {tool} = this;
      for (const [key, button] of this.buttons) button.setAttribute('aria-pressed', key === tool);
      this.bar.hidden = !tool;
      if (!tool) return;
      this.knobs.back.hidden = this.knobs.finish.hidden = LEAST[tool] === 1;
      this.knobs.back.disabled = !this.points.length;
      this.knobs.finish.disabled = this.points.length < LEAST[tool];
      refill(this.said, html('b', {}, trouble || word(`hint_${tool}`)), html('span', {}, this.measure() || word('hint_keys')));
    }

    measure() {
      const {points, tool} = this, word = (key) => this.atlas.word(key);
      if (points.length < LEAST[tool] || LEAST[tool] === 1) return '';
      if (tool === 'line') {
        const length = points.slice(1).reduce((sum, p, i) => sum + p.distanceTo(points[i]), 0);
        return length < 1000 ? `${length.toFixed(0)} ${word('m')}` : `${(length / 1000).toFixed(2)} ${word('km')}`;
      }
      const unit = 111195, squeeze = Math.cos((points[0].lat * Math.PI) / 180); // metres per degree; good to a few in a thousand
      const area = points.reduce((sum, p, i) => {
        const q = points[(i + 1) % points.length];
        return sum + ((p.lng - points[0].lng) * (q.lat - points[0].lat) - (q.lng - points[0].lng) * (p.lat - points[0].lat));
      }, 0);
      return `≈ ${((Math.abs(area) / 2) * unit * unit * squeeze / 1e4).toFixed(2)} ${word('hectares')}`;
    }

    draw(pointer) {
      this.group.clearLayers();
      if (this.tool === 'move' && pointer) this.sketch(this.shifted(this.held, pointer), this.held.kind);
      else if (this.points.length) this.sketch(pointer ? [...this.points, pointer] : this.points, this.tool);
    }

    shifted(item, to) {
      if (item.latlng) return [to];
      const from = item.object.getBounds().getCenter(), rings = item.object.getLatLngs();
      const shift = (part) => (Array.isArray(part) ? part.map(shift) : L.latLng(part.lat - from.lat + to.lat, part.lng - from.lng + to.lng));
      return shift(rings);
    }

    sketch(points, kind) {
      const style = {renderer: this.renderer, pane: 'atlas-draw', interactive: false};
      const drawn = kind === 'point' ? [L.circleMarker(points[0], {...style, radius: 7, weight: 2, fillOpacity: 0.4, className: 'atlas-sketch'})]
        : ['atlas-sketch-casing', 'atlas-sketch'].map((className) => (kind === 'area' ? L.polygon : L.polyline)(points, {...style, className,
          weight: className === 'atlas-sketch' ? 2 : 5, fill: kind === 'area' && className === 'atlas-sketch', fillOpacity: 0.12}));
      for (const layer of drawn) this.group.addLayer(layer);
      if (kind === this.tool) {
        for (const p of this.points) {
          this.group.addLayer(L.circleMarker(p, {...style, radius: 4, weight: 2, fillOpacity: 1, className: 'atlas-sketch-vertex'}));
        }
      }
    }
  }

  AtlasMap.parts.push((atlas) => new Pins(atlas), (atlas) => new Drawing(atlas));
})();
