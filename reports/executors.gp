# How long each executor takes for each map, or each command takes: medians with their 95 % intervals, on a logarithmic scale.
name = "executors"
data = "executors.dat"
stats data index 0 every ::0::0 using (caption = stringcolumn(1), note = note_of(strcol(2)), title_text = stringcolumn(3), axis_text = stringcolumn(4), 0) nooutput
stats data index 1 using 1 nooutput name "group"
stats data index 2 using 1 nooutput name "row"
stats data index 2 using 4 nooutput name "low"
stats data index 2 using 5 nooutput name "high"
stats data index 2 using (strlen(strcol(2))) nooutput name "label"
slots = group_max - row_min + 1

chart_height = 144 + 28 * slots + note_pixels(note)
chart_lines = int(8 + 2 * slots) + note_lines(note)
@open_chart
set output name . "." . format
@heading

# Room at the right for the label of the slowest, and at least most of a power of ten, so that there are ticks.
span = log10(high_max / low_min)
if (span < 0.7) span = 0.7
axis_low = 10 ** (log10(low_min) - 0.1 * span)
axis_high = 10 ** (log10(low_min) + (is_text ? 1.55 : 1.4) * span)
powers = 1.5 * span
set logscale x
set xrange [axis_low:axis_high]
set yrange [row_min - 0.7:group_max + 0.5]

if (is_text) {
    set tmargin 4 + note_lines(note)
    set bmargin 4
    set lmargin left_characters(label_max)
    set rmargin 3
    set errorbars 0
} else {
    set grid xtics lt 1 lc rgb rule lw 1
    set tmargin at screen down(66 + note_pixels(note))
    set bmargin at screen down(chart_height - 66)
    set errorbars 0.5
    set lmargin at screen left_margin(label_max)
    set rmargin at screen 0.97
}
unset key
set border 1 lc rgb faint
set xlabel axis_text tc rgb ink
axis = "xtics"
set xtics out nomirror () tc rgb ink
@add_ticks
set ytics out scale 0 nomirror tc rgb ink

if (is_text) {
    plot data index 1 using (axis_low):1:2 with labels left offset 1, 0 notitle, \
         data index 2 using 3:1:4:5:ytic(2) with xerrorbars pt "o" notitle, \
         data index 2 using 5:1:6 with labels left offset 2, 0 notitle
} else {
    plot data index 1 using (axis_low):1:2 with labels left offset 0.6, 0 font bold(body) tc rgb ink notitle, \
         data index 2 using 3:1:4:5:7:ytic(2) with xerrorbars lc variable pt 0 lw 2 notitle, \
         data index 2 using 3:1:(shape($7)):7 with points ps dot pt variable lc variable notitle, \
         data index 2 using 5:1:6 with labels left offset 1.5, 0 tc rgb ink notitle
}
