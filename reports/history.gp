# The medians of every benchmark over the runs of one machine, with their 95 % intervals; a panel for each map, or several.
name = "history"
data = "history.dat"
stats data index 0 every ::0::0 using (caption = stringcolumn(1), note = note_of(strcol(2)), axis_text = stringcolumn(3), 0) nooutput
stats data index 1 using 1 nooutput name "panel"
stats data index 2 using 1 nooutput name "series"
panels = int(panel_max)
array panel_name[panels]
array panel_series[panels]
array panel_other[panels]
array panel_unit[panels]
array panel_first[panels]
array panel_low[panels]
array panel_high[panels]
stats data index 1 using (panel_name[int($1)] = stringcolumn(2), panel_series[int($1)] = $3, panel_other[int($1)] = $4, panel_unit[int($1)] = stringcolumn(5) eq blank ? "" : " " . stringcolumn(5), $1) nooutput
series = int(series_max)
array series_title[series]
array series_colour[series]
array series_shape[series]
stats data index 2 using (series_title[int($1)] = stringcolumn(2), series_colour[int($1)] = $4, series_shape[int($1)] = $5, $1) nooutput
array panel_top[panels + 1]
places = 1
i = 0
do for [panel = 1:panels] {
    panel_first[panel] = i + 1
    panel_low[panel] = 1e300
    panel_high[panel] = 0
    do for [n = 1:int(panel_series[panel])] {
        i = i + 1
        stats data index i + 2 using 1 nooutput name "place"
        stats data index i + 2 using 3 nooutput name "low"
        stats data index i + 2 using 4 nooutput name "high"
        if (place_max > places) { places = place_max }
        if (low_min < panel_low[panel]) { panel_low[panel] = low_min }
        if (high_max > panel_high[panel]) { panel_high[panel] = high_max }
    }
}
# Bands instead of bars where points would cover each other.
many = places > 60 || places * series > 1500

letter(i) = substr("abcdefghijklmnopqrstuvwxyz", 1 + i % 26, 1 + i % 26)
# Where a point has the text of a change point.
changed(x, text) = text ne blank ? x : NaN
# Pixels: a panel is its name, one line for every three entries of its key, a line that says what its axis is like, the
# plot, and the labels of its axis.
plot_pixels = 190
key_pixels = 20
kind_pixels = 16
panel_top[1] = 70 + note_pixels(note)
do for [panel = 1:panels] {
    panel_top[panel + 1] = panel_top[panel] + 24 + key_pixels * ceil(panel_series[panel] / 3.0) + kind_pixels + plot_pixels + 50
}
chart_height = panel_top[panels + 1] + 14
chart_lines = 24 * panels + 3 + note_lines(note)
@open_chart
set output name . "." . format

set border 3 lc rgb faint
set xrange [0.4:places + 0.6]
tick_font = plain(body - 2)
set xtics out nomirror noenhanced font tick_font tc rgb ink
set xtics scale many ? 0 : 0.5
set ytics out nomirror tc rgb ink
if (!is_text) { set grid ytics lt 1 lc rgb rule lw 1 }
set style fill transparent solid 0.2 noborder
set lmargin at screen 0.14
set rmargin at screen 0.94
unset key
set errorbars 0.6

axis = "ytics"
set multiplot
title_text = "Median times over the runs" . (is_text ? "" : ", with 95 % intervals")
@heading
do for [panel = 1:panels] {
    low = panel_low[panel]
    high = panel_high[panel]
    first = panel_first[panel]
    last = first + panel_series[panel] - 1
    # A logarithmic axis where the medians are far apart; else a linear one, which shows small changes.
    wide = panel_other[panel] == 0 && low > 0 && high / low > 4
    unset logscale
    unset ytics
    set ytics out nomirror tc rgb ink
    if (wide) {
        set logscale y
        set yrange [low / 1.5:high * 1.5]
        scale = 1.0
        powers = log10(high / low)
        set ytics ()
        @add_ticks
    } else {
        scale = panel_other[panel] == 1 ? 1.0 : unit_seconds(high)
        margin = high > 0 ? 0.15 * (high - low) + 0.02 * high : 1e-9
        bottom = low > margin ? low - margin : low > 0 ? 0 : -0.04 * high
        set yrange [bottom / scale:(high + margin) / scale]
        set format y panel_unit[panel] eq " B" ? "%.2b %BB" : panel_other[panel] == 1 ? "%g" . panel_unit[panel] : "%g " . unit_name(high)
    }
    set ylabel (panel_other[panel] == 1 ? "median of a metric" : axis_text) offset 0.5, 0 tc rgb ink
    axis_kind = wide ? "logarithmic axis" : bottom > 0 ? "linear axis, not from 0" : "linear axis"
    if (panel == panels) { set xlabel "run: its label, else its commit, else its number" tc rgb ink }
    top = panel_top[panel] + 24 + key_pixels * ceil(panel_series[panel] / 3.0) + kind_pixels
    set tmargin at screen down(top)
    set bmargin at screen down(top + plot_pixels)
    set label 4 axis_kind at graph 1, screen down(top - 9) right font plain(body - 2) tc rgb faint
    set label 3 panel_name[panel] at screen 0.025, screen down(panel_top[panel] + 8) font bold(body) tc rgb ink
    do for [i = first:last] {
        column = (i - first) % 3
        line = (i - first) / 3
        x = 0.16 + 0.28 * column
        y = down(panel_top[panel] + 30 + key_pixels * line)
        if (is_text) {
            set label 100 + i letter(i - first) . "  " . series_title[i] at screen x, y
        } else {
            set label 100 + i series_title[i] at screen x + 0.02, y tc rgb ink
            set label 200 + i "" at screen x, y point lt series_colour[i] pt mark(series_colour[i], series_shape[i]) ps dot
        }
    }
    if (is_text) {
        plot for [i = first:last] data index i + 2 using 1:($2 / scale):xtic(5) with points pt letter(i - first), \
             for [i = first:last] data index i + 2 using 1:(changed($2, strcol(6)) / scale):6 with labels left offset 1, 0
    }
    if (!is_text && many) {
        plot for [i = first:last] data index i + 2 using 1:($3 / scale):($4 / scale) with filledcurves lt series_colour[i], \
             for [i = first:last] data index i + 2 using 1:($2 / scale):xtic(5) with linespoints pi int(places / 6) lt series_colour[i] dt dashes(series_shape[i]) pt mark(series_colour[i], series_shape[i]) ps dot, \
             for [i = first:last] data index i + 2 using 1:(changed($2, strcol(6)) / scale) with points lt series_colour[i] pt 6 ps 2 * dot lw 2, \
             for [i = first:last] data index i + 2 using 1:(changed($2, strcol(6)) / scale):6 with labels left offset 0.8, 0.8 font bold(body - 1) tc rgb ink
    }
    if (!is_text && !many) {
        plot for [i = first:last] data index i + 2 using 1:($2 / scale):($3 / scale):($4 / scale):xtic(5) with yerrorlines lt series_colour[i] dt dashes(series_shape[i]) pt mark(series_colour[i], series_shape[i]) ps dot, \
             for [i = first:last] data index i + 2 using 1:(changed($2, strcol(6)) / scale) with points lt series_colour[i] pt 6 ps 2 * dot lw 2, \
             for [i = first:last] data index i + 2 using 1:(changed($2, strcol(6)) / scale):6 with labels left offset 0.8, 0.8 font bold(body - 1) tc rgb ink
    }
    unset label
}
unset multiplot
