/* The verbs. Each gets its arguments with argv[0] "pricereport", the verb itself taken out, and returns an
 * exit status. */
#ifndef PRICEREPORT_VERBS_H
#define PRICEREPORT_VERBS_H

int verb_experiment(int argc, char **argv);
int verb_run(int argc, char **argv);
int verb_list(int argc, char **argv);
int verb_show(int argc, char **argv);
int verb_plot(int argc, char **argv);

#endif
