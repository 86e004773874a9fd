# Which worker evaluated which chunk when, in one map of each measurement, and what comes after the last chunk.
name = part_of("timeline")
if (!exists("data")) data = name . ".dat"
stats data index 0 every ::0::0 using (caption = stringcolumn(1), note = note_of(strcol(2)), 0) nooutput
stats data index 1 using 1 nooutput name "panel"
stats data index 2 using (strlen(strcol(3))) nooutput name "label"
panels = int(panel_max)
array panel_name[panels]
array panel_lanes[panels]
array panel_seconds[panels]
stats data index 1 using (panel_name[int($1)] = stringcolumn(2), panel_lanes[int($1)] = $3, panel_seconds[int($1)] = $4, $1) nooutput

# Pixels: a panel is its name, its lanes, and its axis. Below the last one is the title of the axis, which gnuplot leaves out where it has no room.
lane_pixels = 22
total = 0.0
do for [panel = 1:panels] { total = total + 30 + lane_pixels * panel_lanes[panel] + 52 }
chart_height = 72 + total + note_pixels(note) + (is_text ? 0 : 14)
lines_of(lanes) = int(lanes) + 6
chart_lines = 3 + note_lines(note)
do for [panel = 1:panels] { chart_lines = chart_lines + lines_of(panel_lanes[panel]) }
@open_chart
set output name . "." . format
title_text = "Who works when: chunks by worker"

set border 1 lc rgb faint
unset ytics
if (is_text) { set lmargin left_characters(label_max) } else { set lmargin at screen left_margin(label_max) }
if (is_text) { set rmargin 30 } else { set rmargin at screen 0.74 }
set style fill solid 1 noborder
unset key
set multiplot
@heading
top = 72.0 + note_pixels(note)
do for [panel = 1:panels] {
    pixels = is_text ? lines_of(panel_lanes[panel]) * chart_height / chart_lines : 30 + lane_pixels * panel_lanes[panel] + 52
    head = is_text ? 2 * chart_height / chart_lines : 26
    foot = is_text ? 3 * chart_height / chart_lines : 56
    scale = unit_seconds(panel_seconds[panel])
    set tmargin at screen down(top + head)
    set bmargin at screen down(top + pixels - foot)
    set xrange [0:panel_seconds[panel] / scale]
    set yrange [-panel_lanes[panel] - 0.6:-0.4]
    set xtics out nomirror tc rgb ink
    tick_step = round_step(panel_seconds[panel] / scale / (is_text ? 2.5 : 4))
    set xtics tick_step
    set format x "%.8g " . unit_name(panel_seconds[panel])
    if (panel == panels && !is_text) { set xlabel "time since the map began; shades tell chunks apart, light grey comes after the last one" tc rgb ink }
    set label 3 panel_name[panel] at screen (is_text ? 0.02 : 0.025), screen down(top + 10) font bold(body) tc rgb ink
    if (is_text) {
        plot data index 3 using ($1 == panel ? $2 / scale : NaN):4:(($3 - $2) / scale):(0) with vectors nohead lt 1, \
             data index 3 using ($1 == panel ? $2 / scale : NaN):4 with points pt "[", \
             data index 2 using ($1 == panel ? panel_seconds[panel] / scale : NaN):2:4 with labels left offset 2, 0, \
             data index 2 using ($1 == panel ? 0 : NaN):2:3 with labels right offset -1, 0
    } else {
        set grid xtics lt 1 lc rgb rule lw 1
        plot data index 4 using ($1 == panel ? $2 / scale : NaN):4:($2 / scale):($3 / scale):($4 - 0.4):($5 + 0.4) with boxxyerror lc rgb rule, \
             data index 3 using ($1 == panel ? $2 / scale : NaN):4:($2 / scale):($3 / scale):($4 - 0.4):($4 + 0.4):(shade($5, $6)) with boxxyerror lc rgb variable, \
             data index 2 using ($1 == panel ? panel_seconds[panel] / scale : NaN):2:4 with labels left offset 1.4, 0 tc rgb ink, \
             data index 2 using ($1 == panel ? 0 : NaN):2:3 with labels right offset -1, 0 tc rgb ink
    }
    unset label
    top = top + pixels
}
unset multiplot
