"use strict";
(() => {
  const runs = JSON.parse(document.getElementById("report-data").textContent);
  const root = document.documentElement;
  const config = { displayModeBar: false, responsive: true, displaylogo: false };

  // ------------------------------------------------------------------ numbers

  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const floats = (text) => new Float32Array(bytes(text));
  const shorts = (text) => new Int16Array(bytes(text));
  const shown = (value) =>
    value === null || value === undefined || Number.isNaN(value)
      ? "–"
      : Number.isInteger(value)
        ? value.toLocaleString("en")
        : String(Number(value.toPrecision(5)));
  const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(1)} %`);

  // ------------------------------------------------------------------ appearance

  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();

  function layout(extra) {
    const axis = {
      gridcolor: colour("grid"),
      linecolor: colour("line"),
      zerolinecolor: colour("line"),
      automargin: true,
    };
    const { xaxis, yaxis, ...rest } = extra;
    return {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: colour("ink"), size: 13, family: getComputedStyle(document.body).fontFamily },
      margin: { l: 56, r: 16, t: 16, b: 48 },
      hoverlabel: {
        bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink") },
      },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, font: { size: 12.5 } },
      xaxis: { ...axis, ...xaxis },
      yaxis: { ...axis, ...yaxis },
      ...rest,
    };
  }

  // Axes that count: no ticks between two channels or elements.
  const whole = (count) => (count > 40 ? {} : { tick0: 0, dtick: Math.max(1, Math.ceil(count / 8)) });

  const scale = () => [[0, colour("low")], [1, colour("high")]];

  // A plot is a function that reads the controls and draws; all are drawn again in a new theme.
  const drawings = new Map();

  function draw(id, drawing) {
    const place = document.getElementById(id);
    if (!place) return;
    drawings.set(place, drawing);
    if (isShown(place)) redraw(place);
  }

  // A figure may be hidden because its process has nothing to draw; a run because it is not chosen.
  const isShown = (place) => !place.closest(".run").hidden;

  function redraw(place) {
    const { traces, extra, label, absent } = drawings.get(place)();
    place.setAttribute("aria-label", label);
    place.closest("figure").hidden = Boolean(absent);
    if (absent) return;
    place.style.height = `${extra.height}px`;
    Plotly.react(place, traces, layout(extra), config);
  }

  function redrawAll(everything = false) {
    for (const place of drawings.keys()) {
      if (everything || isShown(place)) redraw(place);
    }
  }

  function setTheme(choice) {
    const dark = choice === "dark"
      || (choice === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = dark ? "dark" : "light";
    root.dataset.choice = choice;
    document.getElementById("theme").textContent = `Theme: ${choice}`;
    redrawAll();
  }

  document.getElementById("theme").addEventListener("click", () => {
    const order = ["auto", "light", "dark"];
    setTheme(order[(order.indexOf(root.dataset.choice) + 1) % order.length]);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (root.dataset.choice === "auto") setTheme("auto");
  });

  // ------------------------------------------------------------------ controls and tables

  function fill(select, entries) {
    for (const [value, text] of entries) {
      const option = document.createElement("option");
      option.value = value;
      option.textContent = text;
      select.append(option);
    }
  }

  function table(place, columns, rows) {
    // The data behind a plot, for those who do not see it; built when it is asked for.
    if (!place) return;
    const build = () => {
      const body = rows();
      const grid = document.createElement("table");
      const head = grid.createTHead().insertRow();
      for (const name of columns()) {
        const cell = document.createElement("th");
        cell.scope = "col";
        cell.textContent = name;
        head.append(cell);
      }
      const lines = grid.createTBody();
      for (const row of body.slice(0, 2000)) {
        const line = lines.insertRow();
        row.forEach((value, index) => {
          const cell = document.createElement(index === 0 ? "th" : "td");
          if (index === 0) cell.scope = "row";
          cell.textContent = typeof value === "string" ? value : shown(value);
          line.append(cell);
        });
      }
      place.querySelector(".scroll").replaceChildren(grid);
    };
    place.addEventListener("toggle", () => { if (place.open) build(); });
    return () => { if (place.open) build(); };
  }

  // ------------------------------------------------------------------ sections of one run

  function forecasts(run, index) {
    const data = run.forecast;
    if (!data) return; // a classifier
    const values = floats(data.forecasts);
    const actual = floats(data.actual);
    const count = data.windows.length;
    const variate = document.getElementById(`variate-${index}`);
    const view = document.getElementById(`forecast-view-${index}`);
    fill(variate, data.variates.map((name, i) => [i, name]));
    const few = count <= 12;
    const steps = Array.from({ length: data.horizon }, (_, h) => [`step-${h}`, `step +${h + 1} of every window`]);
    const single = data.windows.slice(-100).map((w) => [`window-${data.windows.indexOf(w)}`, `window ${w} alone`]);
    fill(view, [...(few ? [["all", "every forecast"]] : []), ...steps, ...single]);
    const when = (row) => (data.times ? data.times[row] : data.first_row + row);
    const series = (v) => Array.from({ length: data.rows }, (_, r) => actual[v * data.rows + r]);
    const value = (v, w, h) => values[(v * count + w) * data.horizon + h];
    const row = (w, h) => data.windows[w] - data.first_row + data.window + h;
    const drawn = () => {
      const v = Number(variate.value);
      const [kind, number] = view.value.split("-");
      const truth = series(v);
      const rows = Array.from({ length: data.rows }, (_, r) => r);
      let shownRows = rows;
      const lines = [];
      const windows = kind === "window" ? [Number(number)] : Array.from({ length: count }, (_, w) => w);
      if (kind === "step") {
        const h = Number(number);
        lines.push({
          x: windows.map((w) => when(row(w, h))),
          y: windows.map((w) => value(v, w, h)),
          name: `forecast, step +${h + 1}`,
        });
      } else {
        const horizon = Array.from({ length: data.horizon }, (_, h) => h);
        windows.forEach((w, i) => lines.push({
          x: horizon.map((h) => when(row(w, h))),
          y: horizon.map((h) => value(v, w, h)),
          name: windows.length === 1 ? `forecast of window ${data.windows[w]}` : "forecasts",
          legendgroup: "forecasts",
          showlegend: i === 0,
          hovertext: horizon.map((h) => `window ${data.windows[w]}, step +${h + 1}`),
        }));
        if (kind === "window") {
          const start = row(windows[0], 0) - data.window;
          shownRows = rows.filter((r) => r >= start && r < start + data.window + data.horizon);
        }
      }
      const traces = [
        {
          x: shownRows.map(when), y: shownRows.map((r) => truth[r]), name: "actual",
          type: "scatter", mode: "lines", line: { color: colour("actual"), width: 1.6 },
        },
        ...lines.map((line) => ({
          ...line, type: "scatter",
          mode: line.x.length < 80 ? "lines+markers" : "lines",
          line: { color: colour("series-2"), width: 1.8 }, marker: { size: 5 },
        })),
      ];
      const known = truth.filter((x) => !Number.isNaN(x));
      const low = Math.min(...known), high = Math.max(...known);
      return {
        traces,
        extra: {
          xaxis: { title: { text: data.times ? "time" : "row of the table" } },
          yaxis: { title: { text: data.variates[v] } },
          height: 400,
          hovermode: "closest",
        },
        label: `Line plot: actual series of ${data.variates[v]} from ${shown(low)} to ${shown(high)}, `
          + `and its forecasts. The table below has the numbers.`,
      };
    };
    draw(`forecast-${index}`, drawn);
    const refresh = table(
      document.getElementById(`forecast-table-${index}`),
      () => ["row", "actual", ...Array.from({ length: data.horizon }, (_, h) => `+${h + 1}`)],
      () => {
        const v = Number(variate.value);
        const starts = new Map(data.windows.map((w, i) => [w, i]));
        return Array.from({ length: data.rows }, (_, r) => [
          String(when(r)),
          actual[v * data.rows + r],
          ...Array.from({ length: data.horizon }, (_, h) => {
            const w = starts.get(data.first_row + r - data.window - h);
            return w === undefined ? null : value(v, w, h);
          }),
        ]);
      },
    );
    for (const control of [variate, view]) {
      control.addEventListener("change", () => { draw(`forecast-${index}`, drawn); refresh(); });
    }
  }

  function raster(run, index) {
    const data = run.raster;
    if (!data) return;
    const codes = data.rows.map((row) => shorts(row.codes));
    const layer = document.getElementById(`raster-layer-${index}`);
    const window_ = document.getElementById(`raster-window-${index}`);
    fill(layer, data.rows.map((row, i) => [i, row.name]));
    fill(window_, data.windows.map((w, i) => [i, `window ${w}`]));
    const at = (r, w, e, c) => codes[r][(w * data.elements + e) * data.rows[r].shown + c];
    const drawn = () => {
      const r = Number(layer.value), w = Number(window_.value), row = data.rows[r];
      const steps = row.emission ? data.frame_steps : 1;
      const z = [];
      let sent = 0;
      for (let c = 0; c < row.shown; c += 1) {
        const line = [];
        for (let e = 0; e < data.elements; e += 1) {
          const code = at(r, w, e, c);
          for (let s = 0; s < steps; s += 1) {
            const value = row.emission
              ? Math.sign(code) * row.emission[Math.abs(code)][s]
              : code;
            if (value !== 0) sent += 1;
            line.push(value);
          }
        }
        z.push(line);
      }
      const levels = 2 ** row.bits - 1;
      const signed = codes[r].some((code) => code < 0);
      const top = row.emission ? 1 : levels;
      const x = Array.from({ length: data.elements * steps }, (_, i) => (i + 0.5) / steps - 0.5);
      return {
        traces: [{
          type: "heatmap", z, x,
          zmin: signed ? -top : 0, zmax: top,
          colorscale: signed
            ? [[0, colour("series-2")], [0.5, colour("low")], [1, colour("high")]]
            : scale(),
          xgap: z[0].length <= 120 ? 1 : 0, ygap: row.shown <= 64 ? 1 : 0,
          colorbar: {
            thickness: 12, outlinewidth: 0, tick0: 0, dtick: Math.max(1, Math.ceil(top / 8)),
            title: { text: row.emission ? "spike" : "code", side: "right" },
          },
          hovertemplate: "element %{x:.2~f}<br>channel %{y}<br>%{z}<extra></extra>",
        }],
        extra: {
          xaxis: { title: { text: row.emission ? "element of the window (its time steps side by side)" : "element of the window" }, showgrid: false, ...whole(data.elements) },
          yaxis: { title: { text: "channel" }, showgrid: false, rangemode: "tozero", ...whole(row.shown) },
          height: Math.max(280, Math.min(560, 120 + 9 * row.shown)),
        },
        label: `Raster of ${row.name} in window ${data.windows[w]}: ${sent} of ${z.length * z[0].length} `
          + `places hold a ${row.emission ? "spike" : "code other than 0"}. The table below counts them by channel.`,
      };
    };
    draw(`raster-${index}`, drawn);
    const refresh = table(
      document.getElementById(`raster-table-${index}`),
      () => ["channel", "events", "elements with an event", "sum of codes"],
      () => {
        const r = Number(layer.value), w = Number(window_.value), row = data.rows[r];
        return Array.from({ length: row.shown }, (_, c) => {
          let on = 0, sum = 0;
          for (let e = 0; e < data.elements; e += 1) {
            const code = at(r, w, e, c);
            on += code === 0 ? 0 : 1;
            sum += Math.abs(code);
          }
          return [String(c), row.emission ? sum : on, on, sum];
        });
      },
    );
    for (const control of [layer, window_]) {
      control.addEventListener("change", () => { draw(`raster-${index}`, drawn); refresh(); });
    }
  }

  function rates(run, index) {
    const rows = run.processes.filter((row) => row.rate !== null);
    draw(`rates-${index}`, () => ({
      traces: [{
        type: "bar", orientation: "h",
        y: rows.map((row) => row.name), x: rows.map((row) => row.rate),
        marker: { color: colour("series-1") },
        hovertemplate: "%{y}<br>rate %{x:.4f}<extra></extra>",
      }],
      extra: {
        xaxis: { title: { text: "firing rate" }, rangemode: "tozero" },
        yaxis: { autorange: "reversed", showgrid: false },
        height: 90 + 26 * rows.length,
        bargap: 0.35,
      },
      label: `Bars: firing rate of ${rows.length} processes, from ${shown(Math.min(...rows.map((r) => r.rate)))} `
        + `to ${shown(Math.max(...rows.map((r) => r.rate)))}. The table of all processes has the numbers.`,
    }));
  }

  function processes(run, index) {
    const select = document.getElementById(`process-${index}`);
    if (!select) return;
    const rows = run.processes;
    fill(select, rows.map((row, i) => [i, row.name]));
    const first = rows.findIndex((row) => row.is_code);
    select.value = String(Math.max(0, first));
    const row = () => rows[Number(select.value)];
    const empty = (text) => ({
      traces: [],
      extra: {
        xaxis: { visible: false }, yaxis: { visible: false }, height: 250,
        annotations: [{ text, showarrow: false, font: { color: colour("muted"), size: 13 } }],
      },
      label: text,
    });
    const bars = (y, x, xtitle, ytitle, label) => ({
      traces: [{ type: "bar", x, y, marker: { color: colour("series-1"), line: { width: 0 } } }],
      extra: {
        xaxis: { title: { text: xtitle }, ...(typeof x[0] === "string" ? { type: "category" } : whole(x.length)) },
        yaxis: { title: { text: ytitle }, rangemode: "tozero" },
        height: 270, bargap: x.length > 60 ? 0 : 0.2,
      },
      label,
    });
    const line = (y, xtitle, label) => ({
      traces: [{
        type: "scatter", mode: y.length > 80 ? "lines" : "lines+markers",
        x: y.map((_, i) => i), y, line: { color: colour("series-1"), width: 2 }, marker: { size: 5 },
      }],
      extra: { xaxis: { title: { text: xtitle }, ...whole(y.length) }, yaxis: { title: { text: "rate" }, rangemode: "tozero" }, height: 270 },
      label,
    });
    const unknown = "not recorded: run again with --record-spikes";
    const channel = () => {
      const { rate_by_channel, events_by_channel, name, silent, channels } = row();
      const values = rate_by_channel || events_by_channel;
      if (!values) return empty(unknown);
      return bars(values, values.map((_, i) => i), "channel", rate_by_channel ? "rate" : "events",
        `Bars: ${rate_by_channel ? "rate" : "events"} of each channel of ${name}; ${silent} of ${channels} are silent.`);
    };
    const payload = () => {
      const { histogram, name } = row();
      if (!histogram) return empty(unknown);
      return bars(histogram.counts, histogram.labels, "payload", "frames",
        `Bars: how often ${name} sends each payload: `
        + histogram.labels.map((text, i) => `${text}: ${histogram.counts[i]}`).join(", "));
    };
    const inner = () => {
      const found = row().inner;
      if (!found) return { absent: true, label: "" };
      return bars(found.counts, found.labels, "code inside the process", "frames",
        `Bars: how often each code occurs inside ${row().name}`);
    };
    const element = () => {
      const { rate_by_element, name } = row();
      return rate_by_element ? line(rate_by_element, "element of the window", `Line: rate of ${name} over the elements of a window.`) : empty(unknown);
    };
    const over = () => {
      const { rate_by_window, name } = row();
      return rate_by_window ? line(rate_by_window, "recorded window", `Line: rate of ${name} over the recorded windows.`) : empty(unknown);
    };
    const plots = { channel, payload, inner, element, over };
    const drawAll = () => {
      for (const [name, drawing] of Object.entries(plots)) draw(`${name}-${index}`, drawing);
      const { silent, always_on: on, channels, rate } = row();
      document.getElementById(`process-facts-${index}`).textContent =
        `${shown(channels)} channels, ${shown(silent)} silent, ${on === null ? "unknown how many" : shown(on)} always on`
        + (rate === null ? "" : `, firing rate ${shown(rate)}`);
    };
    drawAll();
    const refresh = table(
      document.getElementById(`process-table-${index}`),
      () => ["channel", "events", "rate"],
      () => {
        const { events_by_channel: events, rate_by_channel: byChannel } = row();
        return (events || byChannel || []).map((_, c) => [String(c), events ? events[c] : null, byChannel ? byChannel[c] : null]);
      },
    );
    select.addEventListener("change", () => { drawAll(); refresh(); });
  }

  function cost(run, index) {
    const select = document.getElementById(`quantity-${index}`);
    const data = run.cost;
    fill(select, data.quantities.map((entry, i) => [i, entry.title]));
    const drawn = () => {
      const entry = data.quantities[Number(select.value)];
      const shares = entry.shares.map((share) => (share === null ? null : 100 * share));
      return {
        traces: [{
          type: "bar", orientation: "h", y: data.layers, x: shares,
          marker: { color: colour("series-3") },
          customdata: entry.values.map(shown),
          hovertemplate: "%{y}<br>%{x:.1f} %<br>%{customdata}<extra></extra>",
        }],
        extra: {
          xaxis: { title: { text: `share of all ${entry.title}, %` }, rangemode: "tozero" },
          yaxis: { autorange: "reversed", showgrid: false },
          height: 90 + 22 * data.layers.length, bargap: 0.3,
        },
        label: `Bars: share of each layer in all ${entry.title}: `
          + data.layers.map((name, i) => `${name} ${percent(entry.shares[i])}`).join(", "),
      };
    };
    draw(`cost-${index}`, drawn);
    select.addEventListener("change", () => draw(`cost-${index}`, drawn));
  }

  function energy(run, index) {
    const data = run.energy;
    if (!data) return;
    draw(`energy-${index}`, () => ({
      traces: [{
        type: "bar", x: data.events, y: data.nominal, marker: { color: colour("series-4") },
        error_y: {
          type: "data", symmetric: false, color: colour("ink"), thickness: 1.4,
          array: data.high.map((value, i) => value - data.nominal[i]),
          arrayminus: data.low.map((value, i) => data.nominal[i] - value),
        },
        hovertemplate: "%{x}<br>%{y:.4g} nJ nominal<extra></extra>",
      }],
      extra: {
        xaxis: {}, yaxis: { title: { text: "nJ per forecast" }, rangemode: "tozero" },
        height: 340, bargap: 0.4,
      },
      label: "Bars with ranges: energy of a forecast by event, nominal with low and high. The table below has the numbers.",
    }));
  }

  function cores(run, index) {
    const data = run.cores;
    if (!data) return;
    const subRows = Math.ceil(data.cores_per_tile / 2);
    const chips = Math.min(data.chips, 16);
    const across = Math.min(chips, 4);
    const width = 2 * data.tile_columns, height = subRows * data.tile_rows;
    const blank = () => Array.from({ length: Math.ceil(chips / across) * (height + 1) - 1 },
      () => Array(across * (width + 1) - 1).fill(null));
    draw(`cores-${index}`, () => {
      const z = blank(), text = blank(), empty = blank();
      const spot = (chip, onChip) => {
        const tile = Math.floor(onChip / data.cores_per_tile), within = onChip % data.cores_per_tile;
        return [
          Math.floor(chip / across) * (height + 1) + Math.floor(tile / data.tile_columns) * subRows + Math.floor(within / 2),
          (chip % across) * (width + 1) + (tile % data.tile_columns) * 2 + (within % 2),
        ];
      };
      for (let chip = 0; chip < chips; chip += 1) {
        for (let core = 0; core < data.per_chip; core += 1) {
          const [r, c] = spot(chip, core);
          empty[r][c] = 0;
        }
      }
      for (const core of data.cores.filter((entry) => entry.chip < chips)) {
        const [r, c] = spot(core.chip, core.core % data.per_chip);
        z[r][c] = 100 * core.share;
        const held = core.holds.slice(0, 8).join("<br>") + (core.holds.length > 8 ? `<br>and ${core.holds.length - 8} more` : "");
        text[r][c] = `core ${core.core}, chip ${core.chip}<br>${percent(core.share)} of its ${core.fullest}<br>${held}`;
      }
      const common = { type: "heatmap", xgap: 2, ygap: 2, hoverongaps: false };
      return {
        traces: [
          { ...common, z: empty, showscale: false, colorscale: [[0, colour("grid")], [1, colour("grid")]], hoverinfo: "skip" },
          {
            ...common, z, text, zmin: 0, zmax: 100, colorscale: scale(),
            hovertemplate: "%{text}<extra></extra>",
            colorbar: { thickness: 12, outlinewidth: 0, ticksuffix: " %", title: { text: "fullest resource", side: "right" } },
          },
        ],
        extra: {
          xaxis: { visible: false, constrain: "domain" },
          yaxis: { visible: false, autorange: "reversed", scaleanchor: "x" },
          height: Math.max(260, Math.min(620, 60 + 26 * z.length)),
          margin: { l: 8, r: 8, t: 8, b: 8 },
        },
        label: `Core map: ${data.cores.length} cores on ${data.chips} chips in use. The table below lists them.`,
      };
    });
  }

  // ------------------------------------------------------------------ the page

  const choice = document.getElementById("run-choice");
  if (choice) {
    choice.addEventListener("change", () => {
      document.querySelectorAll(".run").forEach((place) => { place.hidden = place.dataset.run !== choice.value; });
      redrawAll();
    });
  }
  setTheme("auto");
  runs.forEach((run, index) => {
    for (const section of [forecasts, raster, rates, processes, cost, energy, cores]) section(run, index);
  });
  addEventListener("beforeprint", () => {
    root.dataset.theme = "light";
    redrawAll(true);
  });
  addEventListener("afterprint", () => setTheme(root.dataset.choice));
  root.dataset.ready = "yes";
})();
