# A chart of pricereport. Draw it again in this folder with
#   gnuplot -e "format = 'svg'" NAME.gp                    (or png, pdf, txt)
#   gnuplot -e "format = 'svg'; part = 2" NAME.gp          its part NAME-2, where it has one
# All texts come from NAME.dat, so that this script is the same for every run.

if (!exists("format")) format = "svg"
if (!exists("part")) part = 1
part_of(chart) = part == 1 ? chart : sprintf("%s-%d", chart, part)
is_text = (format eq "txt")
set encoding utf8
set datafile separator tab
set datafile missing "NaN"
# What stands in NAME.dat for an empty text, for which gnuplot would take the fields after it, too.
blank = " "

# The colours of all charts: Okabe and Ito's, which the colour-blind can tell apart, and a shape for each. Each executor has one
# (the view executor_colour in sql/charts/setup.sql): 1 serial, 2 threads, 3 processes, 4 auto, 5 mpi. What has no executor
# takes them in turn, from 6 on. How they look in the dark: page.css.
ink = "#222222"
faint = "#666666"
rule = "#DDDDDD"
array darker[8] = [0x555555, 0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9, 0x000000]
# Shades for what lies side by side in one colour.
array lighter[8] = [0x9A9A9A, 0x6FB2DD, 0xF2A36B, 0x6FCDB2, 0xE6B8D2, 0xF3CD7D, 0xA9DAF4, 0x808080]
array shapes[8] = [7, 5, 9, 13, 11, 15, 6, 4]
do for [i = 1:8] { set linetype i lc rgb darker[i] pt shapes[i] lw 1.6 }
set linetype cycle 8
shade(colour, n) = int(n) == 0 ? darker[int(colour)] : lighter[int(colour)]
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

# A chart of 800 by `chart_height` pixels, or of 80 by `chart_lines` characters.
open_chart = "\
if (format eq 'svg') { set terminal svg size 800, chart_height font plain(body) background '#FFFFFF' noenhanced } \
else { if (format eq 'png') { set terminal pngcairo size 800, chart_height font plain(body) background '#FFFFFF' noenhanced } \
else { if (format eq 'pdf') { set terminal pdfcairo size 8in, (chart_height / 100.0) * 1in font plain(body) background '#FFFFFF' noenhanced } \
else { set terminal dumb mono noenhanced size 80, chart_lines } } }"

# Pixels from the top as a screen coordinate.
down(pixels) = 1 - pixels * 1.0 / chart_height

# What every chart is headed by: `title_text`, `caption`, and, where it has one, `note`: what this part has, or what is left out. Both may be of
# several lines. So much lower begins the rest than below a caption of one line, in pixels and in lines.
note_of(text) = text eq "NaN" ? "" : text
line_length = is_text ? 76 : 112
space_before(text, i) = i < 2 ? line_length : substr(text, i, i) eq " " ? i : space_before(text, i - 1)
first_line(text) = strlen(text) <= line_length ? text : substr(text, 1, space_before(text, line_length + 1))
after_line(text) = substr(text, strlen(first_line(text)) + 1, strlen(text))
line_of(text, i) = i == 1 || strlen(text) == 0 ? first_line(text) : line_of(after_line(text), i - 1)
count_lines(text) = strlen(text) == 0 ? 0 : 1 + count_lines(after_line(text))
note_lines(note) = count_lines(caption) - 1 + count_lines(note)
note_pixels(note) = 18 * note_lines(note)
heading = "\
set label 1 title_text at screen (is_text ? 0.02 : 0.025), screen (is_text ? 1 - 1.0 / chart_lines : down(26)) font bold(body + 3) tc rgb ink; \
do for [i = 1:count_lines(caption)] { set label 1000 + i line_of(caption, i) at screen (is_text ? 0.02 : 0.025), screen (is_text ? 1 - (1.0 + i) / chart_lines : down(30 + 18 * i)) font plain(body - 1) tc rgb faint }; \
do for [i = 1:count_lines(note)] { set label 1010 + i line_of(note, i) at screen (is_text ? 0.02 : 0.025), screen (is_text ? 1 - (1.0 + count_lines(caption) + i) / chart_lines : down(30 + 18 * (count_lines(caption) + i))) font plain(body - 1) tc rgb ink }"

# The left margin, as a part of the width, that labels of so many characters need; and in characters.
left_margin(length) = 0.0094 * length + 0.025 > 0.19 ? 0.0094 * length + 0.025 : 0.19
left_characters(length) = length + 3 > 18 ? length + 3 : 18

# Seconds as a number with a unit.
unit_seconds(s) = s >= 0.9995 ? 1.0 : s >= 0.9995e-3 ? 1e-3 : s >= 0.9995e-6 ? 1e-6 : 1e-9
unit_name(s) = s >= 0.9995 ? "s" : s >= 0.9995e-3 ? "ms" : s >= 0.9995e-6 ? "µs" : "ns"
duration(s) = sprintf("%g %s", s / unit_seconds(s), unit_name(s))

# Figures of an axis have the unit `axis_unit`, which is that of a metric, or this: times are in s, and shown by what is best to read.
time_unit = "s of time"
binary_power(b) = abs(b) < 1023.5 ? 0 : 1 + binary_power(b / 1024.0)
bytes_name(b) = word("B KiB MiB GiB TiB PiB EiB ZiB YiB", 1 + (binary_power(b) > 8 ? 8 : binary_power(b)))
# What stands after a figure: nothing where the unit is too long for a tick; the text of the axis has it.
short_unit(unit) = unit eq blank || strlen(unit) > 3 ? "" : " " . unit
scale_of(unit, high) = unit eq time_unit ? unit_seconds(high) : unit eq "B" ? 1024.0 ** (binary_power(high) > 8 ? 8 : binary_power(high)) : 1.0
name_of(unit, high) = unit eq time_unit ? " " . unit_name(high) : unit eq "B" ? " " . bytes_name(high) : short_unit(unit)
tick_text(v) = sprintf("%.8g%s", v / scale_of(axis_unit, v), name_of(axis_unit, v))

# The nearest of 1, 2 and 5 times a power of ten.
round_step(x) = 10 ** floor(log10(x)) * (x < 1.5 * 10 ** floor(log10(x)) ? 1 : x < 3.5 * 10 ** floor(log10(x)) ? 2 : x < 7.5 * 10 ** floor(log10(x)) ? 5 : 10)

# How many characters the ticks of a linear axis may have.
round_down(x, step) = step * floor(x / step)
figure_length(x) = strlen(sprintf("%.8g", x))
longer(a, b) = a > b ? a : b
linear_length(low, high, unit) = longer(figure_length(round_down(low, round_step((high - low) / 6))), longer(figure_length(round_down(high, round_step((high - low) / 6))), \
    figure_length(round_down((low + high) / 2, round_step((high - low) / 6))))) + strlen(unit)

# Ticks for a logarithmic `axis` from `tick_low` to `tick_high`: 1, 2 and 5 of every power of ten, or 1 alone where there would be too many; of
# bytes, powers of two.
add_ticks = "\
powers = log10(1.0 * tick_high / tick_low); \
if (axis_unit eq 'B') { every = ceil((powers * 3.33 + 0.1) / 8); do for [power = 0:80:every] { if (2.0 ** power >= tick_low / 2 && 2.0 ** power <= 2 * tick_high) { set @axis add (tick_text(2.0 ** power) 2.0 ** power) } } } \
else { every = ceil((powers + 0.1) / 8); do for [power = floor(log10(tick_low)) - 1:ceil(log10(tick_high)) + 1] { do for [digit in '1 2 5'] { if ((digit eq '1' && power % every == 0) || powers <= (axis eq 'ytics' ? 3.5 : 2.6)) { \
tick = digit * 10.0 ** power; set @axis add (tick_text(tick) tick) } } } }"
