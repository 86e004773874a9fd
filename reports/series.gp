# The medians of each series of a site over the runs, with their 95 % intervals; a file for each. The sizes stand in
# cli/report/site_charts.c, too, which puts the figures of each point over the picture.
chart_height = 316
format = "svg"
set border 3 lc rgb faint
tick_font = plain(body - 2)
set xtics out nomirror noenhanced font tick_font tc rgb ink
set grid ytics lt 1 lc rgb rule lw 1
set style fill transparent solid 0.2 noborder
set lmargin at screen 96.0 / 800
set rmargin at screen 760.0 / 800
set tmargin at screen down(40)
set bmargin at screen down(250)
set xlabel "run: its label, else its commit, else its number" tc rgb ink
unset key
set errorbars 0.6
changed(x, text) = text ne blank ? x : NaN
stats "list.dat" using 1 nooutput name "list"
do for [i = 0:int(list_records) - 1] {
    stats "list.dat" every ::i::i using (series = $1, 0) nooutput
    data = sprintf("series-%d.dat", int(series))
    stats data index 0 using (note = stringcolumn(1), other = $2, unit = stringcolumn(3), bottom = $4, top = $5, places = $6, 0) nooutput
    @open_chart
    set output sprintf("series-%d.svg", int(series))
    scale = other == 1 ? 1.0 : unit_seconds(top)
    set xrange [0.4:places + 0.6]
    set yrange [bottom / scale:top / scale]
    unit = unit eq blank ? "" : " " . unit
    set format y unit eq " B" ? "%.2b %BB" : other == 1 ? "%g" . unit : "%g " . unit_name(top)
    set ytics out nomirror tc rgb ink
    set label 1 (bottom > 0 ? "linear axis, not from 0" : "linear axis") at graph 1, screen down(24) right font plain(body - 2) tc rgb faint
    set label 2 (note eq blank ? "" : note) at screen 96.0 / 800, screen down(24) font plain(body - 2) tc rgb faint
    set xtics scale places > 60 ? 0 : 0.5
    if (places > 60) {
        plot data index 1 using 1:($3 / scale):($4 / scale) with filledcurves lt 2, \
             data index 1 using 1:($2 / scale):xtic(5) with lines lt 2, \
             data index 1 using 1:(changed($2, strcol(6)) / scale) with points lt 2 pt 6 ps 2 * dot lw 2, \
             data index 1 using 1:(changed($2, strcol(6)) / scale):6 with labels left offset 0.8, 0.8 font bold(body - 1) tc rgb ink
    } else {
        plot data index 1 using 1:($2 / scale):($3 / scale):($4 / scale):xtic(5) with yerrorlines lt 2 ps dot, \
             data index 1 using 1:(changed($2, strcol(6)) / scale) with points lt 2 pt 6 ps 2 * dot lw 2, \
             data index 1 using 1:(changed($2, strcol(6)) / scale):6 with labels left offset 0.8, 0.8 font bold(body - 1) tc rgb ink
    }
    unset output
}
