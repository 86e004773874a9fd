# What more workers give: speed-up over serial and efficiency, with the ideal line; a pair of panels for each map.
name = part_of("workers")
if (!exists("data")) data = name . ".dat"
stats data index 0 every ::0::0 using (caption = stringcolumn(1), processors = $2, note = note_of(strcol(3)), 0) nooutput
stats data index 1 using 1 nooutput name "panel"
stats data index 2 using 1 nooutput name "series"
panels = int(panel_max)
series = int(series_max)
array panel_name[panels]
array panel_series[panels]
array panel_workers[panels]
array panel_speed[panels]
array panel_efficiency[panels]
array series_title[series]
array series_colour[series]
array series_shape[series]
stats data index 1 using (panel_name[int($1)] = stringcolumn(2), panel_series[int($1)] = $3, \
    panel_workers[int($1)] = $4, panel_speed[int($1)] = $5, panel_efficiency[int($1)] = $6, $1) nooutput
stats data index 2 using (series_title[int($1)] = stringcolumn(2), series_colour[int($1)] = $4, series_shape[int($1)] = $5, $1) nooutput

# Pixels: a pair is its name, one line for every three entries of its key, the plots, and the labels of their axes.
plot_pixels = 250
key_pixels = 22
key_lines(n) = ceil(n / 3.0)
chart_height = 76 + note_pixels(note)
chart_lines = 3 + note_lines(note)
do for [panel = 1:panels] {
    chart_height = chart_height + 24 + key_pixels * key_lines(panel_series[panel]) + plot_pixels + 76
    chart_lines = chart_lines + 25 + key_lines(panel_series[panel])
}
@open_chart
set output name . "." . format
title_text = "What more workers give"
# From one worker to the most; a plot's own range would cut the points at its ends.
ideal(x) = x >= 1 && x <= most ? x : NaN
letter(i) = substr("abcdefghijklmnopqrstuvwxyz", int(i), int(i))

set border 3 lc rgb faint
set xtics out nomirror tc rgb ink
set samples 500
set ytics out nomirror tc rgb ink
set errorbars 0.6
if (!is_text) { set grid ytics lt 1 lc rgb rule lw 1 }
unset key
set multiplot
@heading
first = 1
top = 72 + note_pixels(note)
do for [panel = 1:panels] {
    last = first + int(panel_series[panel]) - 1
    most = panel_workers[panel]
    pair_pixels = 24 + key_pixels * key_lines(panel_series[panel]) + plot_pixels + 76
    set label 3 panel_name[panel] at screen 0.025, screen down(top + 8) font bold(body) tc rgb ink
    do for [i = first:last] {
        x = (is_text ? 0.04 : 0.11) + (is_text ? 0.28 : 0.25) * ((i - first) % 3)
        y = down(top + 32 + key_pixels * ((i - first) / 3))
        if (is_text) {
            set label 100 + i letter(i - first + 1) . "  " . series_title[i] at screen x, y
        } else {
            set label 100 + i series_title[i] at screen x + 0.02, y tc rgb ink
            set label 200 + i "" at screen x, y point lt series_colour[i] pt mark(series_colour[i], series_shape[i]) ps dot
        }
    }
    y = down(top + 32)
    if (is_text) {
        set label 99 ".  ideal" at screen 0.88, y
    } else {
        set label 99 "ideal" at screen 0.905, y tc rgb ink
        set arrow 99 from screen 0.86, y to screen 0.895, y nohead dt (12, 8) lw 1.2 lc rgb faint
    }
    set tmargin at screen down(top + pair_pixels - plot_pixels - 76)
    set bmargin at screen down(top + pair_pixels - 76)
    margin = 0.06 * most
    set xrange [1 - margin:most + margin]
    if (most <= 16) { set xtics 1 } else { set xtics autofreq }
    set xlabel "workers" tc rgb ink
    if (!is_text && processors > 1 && processors < most) {
        set arrow 98 from processors, graph 0 to processors, graph 1 nohead lw 0.8 lc rgb faint
        if (processors > 0.6 * most) {
            set label 98 sprintf("%d processors", processors) at processors, graph 0.04 right offset -0.6, 0 font plain(body - 1) tc rgb faint
        } else {
            set label 98 sprintf("%d processors", processors) at processors, graph 0.04 left offset 0.6, 0 font plain(body - 1) tc rgb faint
        }
    }

    set lmargin at screen 0.125
    set rmargin at screen 0.49
    if (is_text) { set xlabel "speed-up over serial, by workers" } else { set ylabel "speed-up over serial" offset 0.5, 0 tc rgb ink }
    # The ideal line leaves the plot at its top where far more is ideal than was reached.
    height = 1.25 * panel_speed[panel] > 2 ? 1.25 * panel_speed[panel] : 2
    set yrange [0:height < most ? height : most + margin]
    set format y "%g ×"
    if (is_text) {
        plot ideal(x) with lines lt 1, \
             for [i = first:last] data index i + 2 using 1:2 with points pt letter(i - first + 1)
    } else {
        plot ideal(x) with lines dt (12, 8) lw 1.2 lc rgb faint, \
             for [i = first:last] data index i + 2 using 1:2:3:4 with yerrorlines lt series_colour[i] dt dashes(series_shape[i]) pt mark(series_colour[i], series_shape[i]) ps dot
    }
    unset label
    unset arrow

    set lmargin at screen 0.605
    set rmargin at screen 0.98
    if (is_text) { set xlabel "efficiency: speed-up / workers" } else { set ylabel "efficiency: speed-up / workers" offset 0.5, 0 tc rgb ink }
    highest = panel_efficiency[panel] < 1.25 ? 1.3 : panel_efficiency[panel] + 0.05
    set yrange [0:100 * highest]
    if (highest <= 1.55) { set ytics 25 } else { if (highest <= 3.05) { set ytics 50 } else { if (highest <= 10) { set ytics 100 } else { set ytics autofreq } } }
    set format y "%g %%"
    if (!is_text && processors > 1 && processors < most) {
        set arrow 98 from processors, graph 0 to processors, graph 1 nohead lw 0.8 lc rgb faint
    }
    if (is_text) {
        plot 100 * ideal(x) / x with lines lt 1, \
             for [i = first:last] data index i + 2 using 1:(100 * $2 / $1) with points pt letter(i - first + 1)
    } else {
        plot 100 * ideal(x) / x with lines dt (12, 8) lw 1.2 lc rgb faint, \
             for [i = first:last] data index i + 2 using 1:(100 * $2 / $1):(100 * $3 / $1):(100 * $4 / $1) with yerrorlines lt series_colour[i] dt dashes(series_shape[i]) pt mark(series_colour[i], series_shape[i]) ps dot
    }
    unset arrow
    set ytics autofreq out nomirror tc rgb ink
    first = last + 1
    top = top + pair_pixels
}
unset multiplot
