# The medians of every benchmark over the runs of one machine, with their 95 % intervals; a panel for each map, or several.
name = part_of("history")
if (!exists("data")) data = name . ".dat"
stats data index 0 every ::0::0 using (caption = stringcolumn(1), note = note_of(strcol(2)), 0) nooutput
stats data index 1 using 1 nooutput name "panel"
stats data index 2 using 1 nooutput name "series"
panels = int(panel_max)
array panel_name[panels]
array panel_series[panels]
array panel_unit[panels]
array panel_text[panels]
array panel_first[panels]
array panel_low[panels]
array panel_high[panels]
stats data index 1 using (panel_name[int($1)] = stringcolumn(2), panel_series[int($1)] = $3, panel_unit[int($1)] = stringcolumn(4), panel_text[int($1)] = stringcolumn(5), $1) nooutput
series = int(series_max)
array series_title[series]
array series_colour[series]
array series_shape[series]
stats data index 2 using (series_title[int($1)] = stringcolumn(2), series_colour[int($1)] = $4, series_shape[int($1)] = $5, $1) nooutput
array panel_top[panels + 1]
stats data index series + 3 every ::0::0 using (places = $3, 0) nooutput
i = 0
do for [panel = 1:panels] {
    panel_first[panel] = i + 1
    panel_low[panel] = 1e300
    panel_high[panel] = -1e300
    do for [n = 1:int(panel_series[panel])] {
        i = i + 1
        stats data index i + 2 using 3 nooutput name "low"
        stats data index i + 2 using 4 nooutput name "high"
        if (low_min < panel_low[panel]) { panel_low[panel] = low_min }
        if (high_max > panel_high[panel]) { panel_high[panel] = high_max }
    }
}
# Bands instead of bars where points would cover each other.
many = places > 60 || places * series > 1500

letter(i) = substr("abcdefghijklmnopqrstuvwxyz", 1 + i % 26, 1 + i % 26)
# Where a point is a change point; and where it has the label of one, which stands at its left near the end of the axis.
changed(y, flag) = flag == 1 ? y : NaN
labelled(y, x, text, at_end) = text ne blank && (x > 0.85 * places) == at_end ? y : NaN
# The data have a label for every so many runs, which is twice what fits in text.
shown_run(x, text) = is_text && int(places - x) / int((places + 7) / 8) % 2 == 1 ? "" : text
# Pixels: a panel is its name, the lines of its key, a line that says what its axis is like, the
# plot, and the labels of its axis. Entries of the key stand in so many columns as fit.
stats data index 2 using (strlen(strcol(2))) nooutput name "title"
key_columns = is_text ? (title_max <= 18 ? 3 : title_max <= 30 ? 2 : 1) : title_max <= 25 ? 3 : title_max <= 42 ? 2 : 1
key_lines(n) = ceil(1.0 * n / key_columns)
plot_pixels = 190
key_pixels = 20
kind_pixels = 16
# In text, a line is 20 pixels.
if (is_text) { plot_pixels = 260; kind_pixels = 20 }
name_pixels = is_text ? 20 : 24
panel_top[1] = is_text ? 60 + 20 * note_lines(note) : 70 + note_pixels(note)
do for [panel = 1:panels] {
    panel_top[panel + 1] = panel_top[panel] + name_pixels + key_pixels * key_lines(panel_series[panel]) + kind_pixels + plot_pixels + 60
}
chart_height = panel_top[panels + 1] + 20
chart_lines = int(chart_height / 20)
if (is_text) { chart_height = 20 * chart_lines }
@open_chart
set output name . "." . format

# The ends of a linear axis, and a logarithmic one where the medians are far apart: a linear one shows small changes.
is_wide(low, high) = low > 0 && high / low > 4
size_of(low, high) = longer(abs(low), abs(high))
margin_of(low, high, unit) = size_of(low, high) > 0 ? 0.15 * (high - low) + 0.02 * size_of(low, high) : unit eq time_unit ? 1e-9 : 1
bottom_of(low, high, unit) = low > margin_of(low, high, unit) || low < 0 ? low - margin_of(low, high, unit) : low > 0 ? 0 : -0.04 * size_of(low, high)
top_of(low, high, unit) = high + margin_of(low, high, unit)
tick_length = 6
do for [panel = 1:panels] {
    low = panel_low[panel]
    high = panel_high[panel]
    axis_unit = panel_unit[panel]
    scale = scale_of(axis_unit, size_of(low, high))
    needed = is_wide(low, high) ? longer(strlen(tick_text(10 ** floor(log10(low)))), strlen(tick_text(10 ** ceil(log10(high))))) \
        : linear_length(bottom_of(low, high, axis_unit) / scale, top_of(low, high, axis_unit) / scale, name_of(axis_unit, size_of(low, high)))
    tick_length = longer(tick_length, needed)
}
left = is_text ? (tick_length + 5) / 80.0 : longer(0.14, 0.0094 * tick_length + 0.075)
set lmargin at screen left
set border 3 lc rgb faint
set xrange [0.4:places + 0.6]
tick_font = plain(body - 2)
set xtics out nomirror noenhanced font tick_font tc rgb ink
set xtics scale 0.5
set ytics out nomirror tc rgb ink
if (!is_text) { set grid ytics lt 1 lc rgb rule lw 1 }
set style fill transparent solid 0.2 noborder
set rmargin at screen 0.94
unset key
set errorbars 0.6

axis = "ytics"
set multiplot
title_text = "Medians over the runs, with their 95 % intervals"
@heading
do for [panel = 1:panels] {
    low = panel_low[panel]
    high = panel_high[panel]
    first = panel_first[panel]
    last = first + panel_series[panel] - 1
    axis_unit = panel_unit[panel]
    wide = is_wide(low, high)
    unset logscale
    unset ytics
    set ytics out nomirror tc rgb ink
    if (wide) {
        set logscale y
        set yrange [low / 1.5:high * 1.5]
        scale = 1.0
        tick_low = low / 1.5
        tick_high = high * 1.5
        set ytics ()
        @add_ticks
    } else {
        scale = scale_of(axis_unit, size_of(low, high))
        bottom = bottom_of(low, high, axis_unit)
        top_end = top_of(low, high, axis_unit)
        set yrange [bottom / scale:top_end / scale]
        set format y "%.8g" . name_of(axis_unit, size_of(low, high))
    }
    if (!is_text) { set ylabel panel_text[panel] offset 0.5, 0 tc rgb ink }
    axis_kind = wide ? "logarithmic axis" : bottom > 0 || top_end < 0 ? "linear axis, not from 0" : "linear axis"
    if (is_text) { axis_kind = panel_text[panel] . ", " . axis_kind }
    if (panel == panels) { set xlabel "run: its label, else its commit, else its number" tc rgb ink }
    top = panel_top[panel] + name_pixels + key_pixels * key_lines(panel_series[panel]) + kind_pixels
    set tmargin at screen down(top)
    set bmargin at screen down(top + plot_pixels)
    set label 4 axis_kind at graph 1, screen down(top - (is_text ? 10 : 9)) right font plain(body - 2) tc rgb faint
    set label 3 panel_name[panel] at screen 0.025, screen down(panel_top[panel] + (is_text ? 10 : 8)) font bold(body) tc rgb ink
    do for [i = first:last] {
        column = (i - first) % key_columns
        line = (i - first) / key_columns
        x = (is_text ? 0.04 : 0.16) + (is_text ? 0.96 : 0.84) / key_columns * column
        y = down(panel_top[panel] + name_pixels + (is_text ? 10 : 6) + key_pixels * line)
        if (is_text) {
            set label 100 + i letter(i - first) . "  " . series_title[i] at screen x, y
        } else {
            set label 100 + i series_title[i] at screen x + 0.02, y tc rgb ink
            set label 200 + i "" at screen x, y point lt series_colour[i] pt mark(series_colour[i], series_shape[i]) ps dot
        }
    }
    # What only labels the runs has no points to be seen.
    middle = is_wide(low, high) ? sqrt(low * high) : (bottom + top_end) / 2 / scale
    if (is_text) {
        plot data index series + 3 using 1:(middle):(""):xtic(shown_run($1, strcol(2))) with labels, \
             for [i = first:last] data index i + 2 using 1:($2 / scale) with points pt letter(i - first), \
             for [i = first:last] data index i + 2 using 1:(labelled($2, $1, strcol(5), 0) / scale):5 with labels left offset 1, 0, \
             for [i = first:last] data index i + 2 using 1:(labelled($2, $1, strcol(5), 1) / scale):5 with labels right offset -1, 0
    }
    if (!is_text && many) {
        plot data index series + 3 using 1:(middle):(""):xtic(2) with labels, \
             for [i = first:last] data index i + 2 using 1:($3 / scale):($4 / scale) with filledcurves lt series_colour[i], \
             for [i = first:last] data index i + 2 using 1:($2 / scale) with linespoints pi int(places / 6) lt series_colour[i] dt dashes(series_shape[i]) pt mark(series_colour[i], series_shape[i]) ps dot, \
             for [i = first:last] data index i + 2 using 1:(changed($2, $6) / scale) with points lt series_colour[i] pt 6 ps 2 * dot lw 2, \
             for [i = first:last] data index i + 2 using 1:(labelled($2, $1, strcol(5), 0) / scale):5 with labels left offset 0.8, 0.8 font bold(body - 1) tc rgb ink, \
             for [i = first:last] data index i + 2 using 1:(labelled($2, $1, strcol(5), 1) / scale):5 with labels right offset -0.8, 0.8 font bold(body - 1) tc rgb ink
    }
    if (!is_text && !many) {
        plot data index series + 3 using 1:(middle):(""):xtic(2) with labels, \
             for [i = first:last] data index i + 2 using 1:($2 / scale):($3 / scale):($4 / scale) with yerrorlines lt series_colour[i] dt dashes(series_shape[i]) pt mark(series_colour[i], series_shape[i]) ps dot, \
             for [i = first:last] data index i + 2 using 1:(changed($2, $6) / scale) with points lt series_colour[i] pt 6 ps 2 * dot lw 2, \
             for [i = first:last] data index i + 2 using 1:(labelled($2, $1, strcol(5), 0) / scale):5 with labels left offset 0.8, 0.8 font bold(body - 1) tc rgb ink, \
             for [i = first:last] data index i + 2 using 1:(labelled($2, $1, strcol(5), 1) / scale):5 with labels right offset -0.8, 0.8 font bold(body - 1) tc rgb ink
    }
    unset label
}
unset multiplot
