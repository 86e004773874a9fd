# How long each executor takes for each map, or each command, or what a metric is for each: medians with their 95 % intervals. Times have a logarithmic scale.
name = part_of("executors")
if (!exists("data")) data = name . ".dat"
stats data index 0 every ::0::0 using (caption = stringcolumn(1), note = note_of(strcol(2)), title_text = stringcolumn(3), axis_text = stringcolumn(4), logarithmic = $5, axis_unit = stringcolumn(6), 0) nooutput
stats data index 1 using 1 nooutput name "group"
stats data index 2 using 1 nooutput name "row"
stats data index 2 using 4 nooutput name "low"
stats data index 2 using 5 nooutput name "high"
stats data index 2 using (strlen(strcol(2))) nooutput name "label"
groups = int(group_records)
array group_name[groups]
array group_height[groups]
i = 0
stats data index 1 using (i = i + 1, group_height[i] = $1, group_name[i] = stringcolumn(2), 0) nooutput
slots = group_max - row_min + 1

chart_height = 144 + 28 * slots + note_pixels(note)
chart_lines = int(8 + 2 * slots) + note_lines(note)
@open_chart
set output name . "." . format
@heading

# Room at the right for the label of the slowest, and at least most of a power of ten, so that there are ticks.
axis = "xtics"
set xtics out nomirror tc rgb ink
if (logarithmic) {
    span = log10(high_max / low_min)
    if (span < 0.7) { span = 0.7 }
    axis_low = 10 ** (log10(low_min) - 0.1 * span)
    axis_high = 10 ** (log10(low_min) + (is_text ? 1.6 : 1.4) * span)
    tick_low = axis_low
    tick_high = axis_high
    set logscale x
    set xtics ()
    @add_ticks
    scale = 1.0
} else {
    span = high_max - low_min
    if (span < 0.02 * abs(high_max)) { span = 0.02 * abs(high_max) }
    if (span == 0) { span = 1 }
    scale = scale_of(axis_unit, abs(high_max) > abs(low_min) ? abs(high_max) : abs(low_min))
    axis_low = (low_min - 0.1 * span) / scale
    axis_high = (low_min + (is_text ? 1.6 : 1.4) * span) / scale
    set format x "%.8g" . name_of(axis_unit, scale)
    if (strlen(gprintf("%.8g", axis_low)) + strlen(name_of(axis_unit, scale)) > 10) {
        tick_step = round_step((axis_high - axis_low) / 3)
        set xtics tick_step
    }
}
set xrange [axis_low:axis_high]
set yrange [row_min - 0.7:group_max + 0.5]

if (is_text) {
    set tmargin 4 + note_lines(note)
    set bmargin 4
    set lmargin left_characters(label_max)
    set rmargin 3
    set errorbars 0
    set label 2 axis_text at screen 0.98, screen 0.7 / chart_lines right
} else {
    set grid xtics lt 1 lc rgb rule lw 1
    set tmargin at screen down(66 + note_pixels(note))
    set bmargin at screen down(chart_height - 66)
    set errorbars 0.5
    set lmargin at screen left_margin(label_max)
    set rmargin at screen 0.97
    set xlabel axis_text tc rgb ink
}
do for [i = 1:groups] { set label 2000 + i group_name[i] at screen (is_text ? 0.02 : 0.025), first group_height[i] font bold(body) tc rgb ink }
unset key
set border 1 lc rgb faint
set ytics out scale 0 nomirror tc rgb ink

if (is_text) {
    plot data index 2 using ($3 / scale):1:($4 / scale):($5 / scale):ytic(2) with xerrorbars pt "o" notitle, \
         data index 2 using ($5 / scale):1:6 with labels left offset 2, 0 notitle
} else {
    plot data index 2 using ($3 / scale):1:($4 / scale):($5 / scale):7:ytic(2) with xerrorbars lc variable pt 0 lw 2 notitle, \
         data index 2 using ($3 / scale):1:(shape($7)):7 with points ps dot pt variable lc variable notitle, \
         data index 2 using ($5 / scale):1:6 with labels left offset 1.5, 0 tc rgb ink notitle
}
