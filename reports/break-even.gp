# From which work on threads and processes pay: rows against the cost of a row, from measured points.
name = part_of("break-even")
if (!exists("data")) data = name . ".dat"
stats data index 0 every ::0::0 using (caption = stringcolumn(1), words = note_of(strcol(2)), executors = int($3), note = note_of(strcol(4)), 0) nooutput
array executor_name[executors]
array executor_colour[executors]
stats data index 2 using (executor_name[int($1)] = stringcolumn(2), executor_colour[int($1)] = $3, 0) nooutput
stats data index 1 using 1 nooutput name "rows"
stats data index 1 using 2 nooutput name "cost"

# What the chart says in words is a note, too.
note = words . (note eq "" ? "" : ". " . note)
chart_height = 488 + note_pixels(note)
chart_lines = 33 + note_lines(note)
@open_chart
set output name . "." . format
title_text = "From where on parallelism pays"
@heading

# At least a power of ten each way, with room for what is written beside a point.
span_x = log10(1.0 * rows_max / rows_min)
span_y = log10(cost_max / cost_min)
if (span_x < 1) { span_x = 1 }
if (span_y < 1) { span_y = 1 }
set logscale xy
x_low = 10 ** (log10(rows_min) - 0.12 * span_x)
x_high = 10 ** (log10(rows_max) + 0.18 * span_x)
y_low = 10 ** (log10(cost_min) - 0.12 * span_y)
y_high = 10 ** (log10(cost_max) + 0.12 * span_y)
set xrange [x_low:x_high]
set yrange [y_low:y_high]
set border 3 lc rgb faint
set xtics out nomirror () tc rgb ink
set mxtics 1
set ytics out nomirror () tc rgb ink
axis_unit = time_unit
tick_low = y_low
tick_high = y_high
axis = "ytics"
@add_ticks
axis_unit = blank
tick_low = x_low
tick_high = x_high
axis = "xtics"
@add_ticks
set xlabel "rows of the map" tc rgb ink
if (!is_text) { set ylabel "what a row costs by serial" tc rgb ink }
unset key
# In text, an executor is its first letter, and a capital is where it begins to beat serial.
letter(i) = substr(executor_name[i], 1, 1)
capital(i) = substr("ABCDEFGHIJKLMNOPQRSTUVWXYZ", strstrt("abcdefghijklmnopqrstuvwxyz", letter(i)), strstrt("abcdefghijklmnopqrstuvwxyz", letter(i)))
said(i) = executor_name[i] . (i == 1 ? " is fastest" : executor_name[i] eq "mpi" ? " is" : " are")
lines_text = is_text ? "capitals: from there on they beat serial" : "lines: from there on they beat serial"
top = 90 + note_pixels(note) - 18
own_row = executors > 3
if (!is_text) {
    set grid lt 1 lc rgb rule lw 1
    set tmargin at screen down(top + 14 + 18 * own_row)
    set bmargin at screen down(chart_height - 68)
    set lmargin at screen 0.13
    set rmargin at screen 0.97
    do for [i = 1:executors] {
        x = i == 1 ? 0.155 : 0.205 + 0.15 * (i - 1)
        set label 100 + i said(i) at screen x, screen down(top) tc rgb ink
        set label 200 + i "" at screen x - 0.015, screen down(top) point lt executor_colour[i] pt shape(executor_colour[i]) ps dot
    }
    set label 14 lines_text at screen 0.97, screen down(top + 18 * own_row) right tc rgb ink
} else {
    set tmargin 6 + note_lines(note)
    set bmargin 4
    set lmargin 12
    key_text = ""
    do for [i = 1:executors] { key_text = key_text . letter(i) . " " . said(i) . "   " }
    set label 3 key_text at screen 0.02, screen 1 - (3.0 + note_lines(note)) / chart_lines
    set label 4 lines_text . "; upward: what a row costs by serial" at screen 0.02, screen 1 - (4.0 + note_lines(note)) / chart_lines
}

shown(speed) = speed < 1 ? "" : speed < 9.95 ? sprintf("%.1f ×", speed) : sprintf("%.0f ×", speed)
if (is_text) {
    plot for [i = 1:executors] data index 1 using 1:(int($3) == executor_colour[i] ? $2 : NaN) with points pt letter(i), \
         for [i = 2:executors] data index i + 1 using 1:2 with points pt capital(i)
} else {
    plot for [i = 2:executors] data index i + 1 using 1:2 with linespoints lt executor_colour[i] lw 2.4 dt i pt shapes[6] ps 0.6 * dot, \
         data index 1 using 1:2:(shape($3)):3 with points ps dot * 1.2 pt variable lc variable, \
         data index 1 using 1:2:($5 == 1 ? shown($4) : "") with labels left offset 1, 0 font plain(body - 1) tc rgb ink
}
