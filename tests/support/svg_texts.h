/* The texts of an SVG file of gnuplot, and where they are. */
#ifndef SVG_TEXTS_H
#define SVG_TEXTS_H

/* Fails the running cmocka test where a text is outside of the picture, lies over another, or is a figure
 * that is none. Widths are estimated, by what the letters of a common font fill. `name` is for the message.
 */
void svg_texts_check(const char *svg, const char *name);

#endif
