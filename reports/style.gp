# A chart of pricereport. Draw it again in this folder with
#   gnuplot -e "format = 'svg'" NAME.gp        (or png, pdf, txt)
# All texts come from NAME.dat, so that this script is the same for every run.

if (!exists("format")) format = "svg"
is_text = (format eq "txt")
set encoding utf8
set datafile separator tab
set datafile missing "NaN"
# What stands in NAME.dat for an empty text, for which gnuplot would take the fields after it, too.
blank = " "

# Okabe and Ito's colours, which the colour-blind can tell apart, and a shape for each.
ink = "#222222"
faint = "#666666"
rule = "#DDDDDD"
array shapes[8] = [7, 5, 9, 13, 11, 15, 6, 4]
set linetype 1 lc rgb "#555555" pt shapes[1] lw 1.6
set linetype 2 lc rgb "#0072B2" pt shapes[2] lw 1.6
set linetype 3 lc rgb "#D55E00" pt shapes[3] lw 1.6
set linetype 4 lc rgb "#009E73" pt shapes[4] lw 1.6
set linetype 5 lc rgb "#CC79A7" pt shapes[5] lw 1.6
set linetype 6 lc rgb "#E69F00" pt shapes[6] lw 1.6
set linetype 7 lc rgb "#56B4E9" pt shapes[7] lw 1.6
set linetype 8 lc rgb "#000000" pt shapes[8] lw 1.6
set linetype cycle 8
shape(i) = shapes[1 + (int(i) - 1) % 8]
# Series of one colour differ in shape and dashes: the first has the shape that its colour has in all charts, the second
# the same without filling.
mark(colour, n) = n == 1 ? shape(colour) : n == 2 ? shape(colour) - 1 : 1 + (int(n) - 3) % 3
dashes(n) = 1 + (int(n) - 1) % 4

# Sizes differ with the format's own pixels. SVG knows no bold type by the name of the font: there it is larger.
body = format eq "svg" ? 13 : 10
plain(size) = sprintf("sans-serif,%d", size)
bold(size) = format eq "svg" ? plain(size + 1) : sprintf("sans-serif:Bold,%d", size)
dot = format eq "svg" ? 0.75 : 1.1

# A chart of 800 by `chart_height` pixels, or of 100 by `chart_lines` characters.
open_chart = "\
if (format eq 'svg') { set terminal svg size 800, chart_height font plain(body) background '#FFFFFF' noenhanced } \
else { if (format eq 'png') { set terminal pngcairo size 800, chart_height font plain(body) background '#FFFFFF' noenhanced } \
else { if (format eq 'pdf') { set terminal pdfcairo size 8in, (chart_height / 100.0) * 1in font plain(body) background '#FFFFFF' noenhanced } \
else { set terminal dumb mono noenhanced size 100, chart_lines } } }"

# Pixels from the top as a screen coordinate.
down(pixels) = 1 - pixels * 1.0 / chart_height

# What every chart is headed by: `title_text`, `caption`, and in a line of its own, where it has one, `note`: what is
# left out. So much lower begins the rest, in pixels and in lines.
note_of(text) = text eq "NaN" ? "" : text
note_pixels(note) = strlen(note) > 0 ? 18 : 0
note_lines(note) = strlen(note) > 0 ? 1 : 0
heading = "\
if (is_text) { set label 1 title_text at screen 0.02, screen 1 - 1.0 / chart_lines; set label 2 caption at screen 0.02, screen 1 - 2.0 / chart_lines; \
set label 5 note at screen 0.02, screen 1 - 3.0 / chart_lines } \
else { set label 1 title_text at screen 0.025, screen down(26) font bold(body + 3) tc rgb ink; \
set label 2 caption at screen 0.025, screen down(48) font plain(body - 1) tc rgb faint; \
set label 5 note at screen 0.025, screen down(66) font plain(body - 1) tc rgb ink }"

# Shades of the colours 1 to 4, in turn for what lies side by side: 0 as it is, 1 lighter.
array lighter[4] = [0x9A9A9A, 0x6FB2DD, 0xF2A36B, 0x6FCDB2]
array darker[4] = [0x555555, 0x0072B2, 0xD55E00, 0x009E73]
shade(colour, n) = int(n) == 0 ? darker[int(colour)] : lighter[int(colour)]

# The left margin, as a part of the width, that labels of so many characters need; and in characters.
left_margin(length) = 0.0094 * length + 0.025 > 0.19 ? 0.0094 * length + 0.025 : 0.19
left_characters(length) = length + 3 > 18 ? length + 3 : 18

# Seconds as a number with a unit.
unit_seconds(s) = s >= 0.9995 ? 1.0 : s >= 0.9995e-3 ? 1e-3 : s >= 0.9995e-6 ? 1e-6 : 1e-9
unit_name(s) = s >= 0.9995 ? "s" : s >= 0.9995e-3 ? "ms" : s >= 0.9995e-6 ? "µs" : "ns"
duration(s) = sprintf("%g %s", s / unit_seconds(s), unit_name(s))

# Ticks for a logarithmic `axis`: 1, 2 and 5 of every power of ten, or 1 alone where more than `powers` of 2.6 of
# them are shown.
add_ticks = "\
do for [power = -9:4] { do for [digit in '1 2 5'] { if (digit eq '1' || powers <= 2.6) { \
tick = digit * 10.0 ** power; set @axis add (duration(tick) tick) } } }"

