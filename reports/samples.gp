# How the samples of each measurement lie around their median: a dot for each, over a bar with the middle half.
name = part_of("samples")
if (!exists("data")) data = name . ".dat"
stats data index 0 every ::0::0 using (caption = stringcolumn(1), axis_low = $2, axis_high = $3, note = note_of(strcol(4)), 0) nooutput
stats data index 1 using 1 nooutput name "group"
stats data index 2 using 1 nooutput name "row"
stats data index 2 using (strlen(strcol(2))) nooutput name "label"
groups = int(group_records)
array group_name[groups]
array group_height[groups]
i = 0
stats data index 1 using (i = i + 1, group_height[i] = $1, group_name[i] = stringcolumn(2), 0) nooutput
slots = group_max - row_min + 1

chart_height = 144 + 32 * slots + note_pixels(note)
chart_lines = int(9 + 2 * slots) + note_lines(note)
@open_chart
set output name . "." . format
title_text = "How the samples are distributed"
@heading

span = axis_high - axis_low
set xrange [axis_low - 0.02 * span:axis_high + 0.02 * span]
set yrange [row_min - 0.6:group_max + 0.5]
set border 1 lc rgb faint
set format x "%+.0f %%"
set xtics out nomirror tc rgb ink
if (span > 250) { set xtics 100 }
if (span > 400) { set xtics 200 }
if (is_text && label_max > 20) { set xtics axis_high, 1 }
set xtics add ("median" 0)
axis_text = "from the median of the measurement; at an end: there or farther"
set ytics out scale 0 nomirror tc rgb ink
unset key
if (is_text) {
    set tmargin 5 + note_lines(note)
    set bmargin 4
    set lmargin left_characters(label_max)
    set rmargin 28
    set label 2 axis_text at screen 0.98, screen 0.7 / chart_lines right
    set label 3 "median   samples (outliers)" at screen 0.98, screen 1 - (3.0 + note_lines(note)) / chart_lines right
} else {
    set grid xtics lt 1 lc rgb rule lw 1
    set tmargin at screen down(72 + note_pixels(note))
    set bmargin at screen down(chart_height - 68)
    set lmargin at screen left_margin(label_max)
    set rmargin at screen 0.75
    set xlabel axis_text tc rgb ink
    set style fill transparent solid 0.22 noborder
    set label 3 "median   samples (outliers)" at screen 0.98, screen down(66 + note_pixels(note)) right font plain(body - 1) tc rgb faint
}
do for [i = 1:groups] { set label 2000 + i group_name[i] at screen (is_text ? 0.02 : 0.025), first group_height[i] font bold(body) tc rgb ink }
if (is_text) {
    plot data index 3 using 1:2 with points pt ".", \
         data index 2 using (0):1:ytic(2) with points pt "|", \
         data index 2 using (axis_high):1:5 with labels left offset 3, 0
} else {
    plot data index 2 using 3:1:3:4:($1 - 0.4):($1 + 0.4):6 with boxxyerror lc variable, \
         data index 3 using 1:2:3 with points pt 7 ps (format eq "svg" ? 0.28 : 0.4) lc variable, \
         data index 2 using (0):1:(0):(0):($1 - 0.42):($1 + 0.42):ytic(2) with xyerrorbars pt 0 lw 2 lc rgb ink, \
         data index 2 using (axis_high):1:5 with labels left offset 2, 0 tc rgb ink
}
