/* Opens pages in headless Chromium, for tests, through the pipe of its debugging protocol: no server, no
 * port.
 *
 * Everything here fails the running cmocka test when it cannot do its work. Include the cmocka headers before
 * this one. */
#ifndef BROWSER_H
#define BROWSER_H

typedef struct Browser Browser;

/* Whether there is a Chromium to open: what CHROMIUM names, else chromium or chromium-browser in PATH. */
int browser_is_there(void);

/* Starts it with an empty profile in the folder `profile`, which is made. */
Browser *browser_open(const char *profile);

/* Ends it. */
void browser_close(Browser *browser);

/* Opens a page (an absolute path) in a window of so many pixels, in the dark or not, and waits until it is
 * loaded. */
void browser_show(Browser *browser, const char *path, int width, int height, int dark);

/* Whether the scripts of the pages that are shown next run; they do unless this says otherwise. */
void browser_set_scripts(Browser *browser, int run);

/* The value of a JavaScript expression in the page, as text, to be freed with sqlite3_free. */
char *browser_evaluate(Browser *browser, const char *expression);

/* What the page said since it was shown: each message of the console, each exception, each request for
 * anything but the page itself, one a line; "" for nothing. To be freed with sqlite3_free. */
char *browser_complaints(Browser *browser);

/* Writes a PNG of the whole page. */
void browser_screenshot(Browser *browser, const char *path);

#endif
