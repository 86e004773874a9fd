# From which work on threads and processes pay: rows against the cost of a row, from measured points.
name = "break-even"
data = "break-even.dat"
stats data index 0 every ::0::0 using (caption = stringcolumn(1), words = stringcolumn(2), threads_points = $3, processes_points = $4, 0) nooutput
stats data index 1 using 1 nooutput name "rows"
stats data index 1 using 2 nooutput name "cost"

chart_height = 506
chart_lines = 34
@open_chart
set output name . "." . format
note = ""
title_text = "From where on parallelism pays"
@heading

# At least a power of ten each way, with room for what is written beside a point.
span_x = log10(rows_max / rows_min)
span_y = log10(cost_max / cost_min)
if (span_x < 1) { span_x = 1 }
if (span_y < 1) { span_y = 1 }
set logscale xy
set xrange [10 ** (log10(rows_min) - 0.12 * span_x):10 ** (log10(rows_max) + 0.18 * span_x)]
set yrange [10 ** (log10(cost_min) - 0.12 * span_y):10 ** (log10(cost_max) + 0.12 * span_y)]
set border 3 lc rgb faint
set xtics out nomirror tc rgb ink
set mxtics 1
set ytics out nomirror () tc rgb ink
powers = span_y
axis = "ytics"
@add_ticks
set xtics out nomirror () tc rgb ink
do for [power = 0:12] { do for [digit in '1 2 5'] { if (digit eq '1' || span_x <= 2.6) {
    tick = digit * 10.0 ** power
    set xtics add (gprintf("%.0f", tick) tick)
} } }
set xlabel "rows of the map" tc rgb ink
set ylabel "what a row costs by serial" tc rgb ink
unset key
if (!is_text) {
    set grid lt 1 lc rgb rule lw 1
    set tmargin at screen down(104)
    set bmargin at screen down(chart_height - 68)
    set lmargin at screen 0.13
    set rmargin at screen 0.97
    set label 3 words at screen 0.025, screen down(69) font plain(body - 1) tc rgb ink
    set label 11 "serial is fastest" at screen 0.155, screen down(90) tc rgb ink
    set label 21 "" at screen 0.14, screen down(90) point lt 1 pt shape(1) ps dot
    set label 12 "threads are" at screen 0.355, screen down(90) tc rgb ink
    set label 22 "" at screen 0.34, screen down(90) point lt 2 pt shape(2) ps dot
    set label 13 "processes are" at screen 0.505, screen down(90) tc rgb ink
    set label 23 "" at screen 0.49, screen down(90) point lt 3 pt shape(3) ps dot
    set label 14 "lines: from there on they beat serial" at screen 0.675, screen down(90) tc rgb ink
} else {
    set tmargin 6
    set bmargin 4
    set lmargin 12
    set label 3 words at screen 0.02, screen 1 - 3.0 / chart_lines
    set label 4 "s serial is fastest   t threads are   p processes are   T, P from there on they beat serial" at screen 0.02, screen 1 - 4.0 / chart_lines
}

shown(speed) = speed < 1 ? "" : speed < 9.95 ? sprintf("%.1f ×", speed) : sprintf("%.0f ×", speed)
if (is_text) {
    plot data index 1 using 1:($3 == 1 ? $2 : NaN) with points pt "s", \
         data index 1 using 1:($3 == 2 ? $2 : NaN) with points pt "t", \
         data index 1 using 1:($3 == 3 ? $2 : NaN) with points pt "p", \
         data index 2 using 1:2 with points pt "T", \
         data index 3 using 1:2 with points pt "P"
} else {
    plot data index 2 using 1:2 with linespoints lt 2 lw 2.4 dt (8, 4) pt shapes[6] ps 0.6 * dot, \
         data index 3 using 1:2 with linespoints lt 3 lw 2.4 dt (2, 3) pt shapes[6] ps 0.6 * dot, \
         data index 1 using 1:2:(shape($3)):3 with points ps dot * 1.2 pt variable lc variable, \
         data index 1 using 1:2:($5 == 1 ? shown($4) : "") with labels left offset 1, 0 font plain(body - 1) tc rgb ink
}
